use super::source::Src;
use super::{Csp, CspErrors, CspProblem, Piece};

/// Directives in the order in which they are sent.
const ORDER: [&str; 26] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "img-src",
    "font-src",
    "connect-src",
    "frame-src",
    "object-src",
    "media-src",
    "child-src",
    "form-action",
    "frame-ancestors",
    "base-uri",
    "manifest-src",
    "worker-src",
    "report-uri",
    "report-to",
    "upgrade-insecure-requests",
    "block-all-mixed-content",
    "sandbox",
    "require-trusted-types-for",
    "trusted-types",
];

/// HTML, the `sandbox` attribute of `iframe`.
const SANDBOX_TOKENS: [&str; 14] = [
    "allow-downloads",
    "allow-forms",
    "allow-modals",
    "allow-orientation-lock",
    "allow-pointer-lock",
    "allow-popups",
    "allow-popups-to-escape-sandbox",
    "allow-presentation",
    "allow-same-origin",
    "allow-scripts",
    "allow-storage-access-by-user-activation",
    "allow-top-navigation",
    "allow-top-navigation-by-user-activation",
    "allow-top-navigation-to-custom-protocols",
];

/// Collects directives; [`build`](Self::build) checks all of them.
///
/// Setting a directive again replaces it, with whatever was wrong before. A
/// directive of sources that is left without any is not sent.
#[derive(Clone, Debug, Default)]
pub struct CspBuilder {
    directives: Vec<(&'static str, Entry)>,
}

#[derive(Clone, Debug)]
enum Entry {
    Sources(Vec<Src>),
    Flag,
    Tokens(Vec<String>),
}

macro_rules! sources {
    ($($method:ident $name:literal $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[must_use]
            pub fn $method(self, sources: impl IntoIterator<Item = Src>) -> Self {
                self.set($name, Entry::Sources(sources.into_iter().collect()))
            }
        )*
    };
}

impl CspBuilder {
    sources! {
        default_src "default-src" "What no other directive is about.";
        script_src "script-src" "Scripts.";
        script_src_elem "script-src-elem" "Script elements.";
        script_src_attr "script-src-attr" "Event handlers in attributes.";
        style_src "style-src" "Styles.";
        style_src_elem "style-src-elem" "Style elements and style sheets.";
        style_src_attr "style-src-attr" "Styles in attributes.";
        img_src "img-src" "Images.";
        font_src "font-src" "Fonts.";
        connect_src "connect-src" "What scripts connect to.";
        frame_src "frame-src" "Frames in the page.";
        object_src "object-src" "Plugins.";
        media_src "media-src" "Audio and video.";
        child_src "child-src" "Frames and workers.";
        form_action "form-action" "Where forms are sent.";
        frame_ancestors "frame-ancestors" "Who may show the page in a frame; hosts, schemes, `'self'` and `'none'` alone.";
        base_uri "base-uri" "What `base` elements may name.";
        manifest_src "manifest-src" "Application manifests.";
        worker_src "worker-src" "Workers.";
    }

    /// Where reports are sent (older browsers): absolute URLs or paths.
    #[must_use]
    pub fn report_uri(self, uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.set("report-uri", tokens(uris))
    }

    /// The name of a reporting endpoint; a token.
    #[must_use]
    pub fn report_to(self, endpoint: impl Into<String>) -> Self {
        self.set("report-to", tokens([endpoint]))
    }

    /// Fetch `http:` addresses in the page by HTTPS.
    #[must_use]
    pub fn upgrade_insecure_requests(self) -> Self {
        self.set("upgrade-insecure-requests", Entry::Flag)
    }

    /// Load nothing by HTTP in a page that came by HTTPS (older browsers).
    #[must_use]
    pub fn block_all_mixed_content(self) -> Self {
        self.set("block-all-mixed-content", Entry::Flag)
    }

    /// Put the page into a sandbox, with these exceptions.
    #[must_use]
    pub fn sandbox(self, exceptions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.set("sandbox", tokens(exceptions))
    }

    /// Demand trusted types where scripts would run from text.
    #[must_use]
    pub fn require_trusted_types_for_script(self) -> Self {
        self.set("require-trusted-types-for", tokens(["'script'"]))
    }

    /// Names of policies that may make trusted types; `'none'`,
    /// `'allow-duplicates'` and `*` too.
    #[must_use]
    pub fn trusted_types(self, policies: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.set("trusted-types", tokens(policies))
    }

    fn set(mut self, name: &'static str, entry: Entry) -> Self {
        self.directives.retain(|(own, _)| *own != name);
        self.directives.push((name, entry));
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`CspErrors`] with every directive that is wrong.
    pub fn build(mut self) -> Result<Csp, CspErrors> {
        let place = |name: &str| ORDER.iter().position(|own| *own == name);
        self.directives.sort_by_key(|(name, _)| place(name));
        let (mut directives, mut problems) = (Vec::new(), Vec::new());
        for (name, entry) in self.directives {
            let pieces = match entry {
                Entry::Flag => Some(Vec::new()),
                Entry::Tokens(texts) => check_tokens(name, texts, &mut problems),
                Entry::Sources(sources) => check_sources(name, sources, &mut problems),
            };
            directives.extend(pieces.map(|pieces| (name, pieces)));
        }
        if problems.is_empty() {
            Ok(Csp { directives })
        } else {
            Err(CspErrors(problems))
        }
    }
}

fn tokens(texts: impl IntoIterator<Item = impl Into<String>>) -> Entry {
    Entry::Tokens(texts.into_iter().map(Into::into).collect())
}

/// The pieces of a directive of sources; `None` when nothing is left of it.
fn check_sources(
    directive: &'static str,
    sources: Vec<Src>,
    problems: &mut Vec<CspProblem>,
) -> Option<Vec<Piece>> {
    let mut report = |source: String, problem| {
        problems.push(CspProblem {
            directive,
            source,
            problem,
        });
    };
    let mut checked = Vec::new();
    for source in sources {
        match source.check() {
            Ok(None) => {}
            Ok(Some(source)) if checked.contains(&source) => {}
            Ok(Some(source)) => checked.push(source),
            Err((source, error)) => report(source, error.0),
        }
    }
    if checked.contains(&Src::None) && checked.len() > 1 {
        report(
            "'none'".to_owned(),
            "excludes every other source: use it alone",
        );
    }
    if directive == "frame-ancestors" {
        for source in checked.iter().filter(|source| source.is_about_elements()) {
            report(source.to_string(), "says nothing about frames: remove it");
        }
    }
    let piece = |source: &Src| match source {
        Src::Nonce => Piece::Nonce,
        other => Piece::Text(other.to_string()),
    };
    (!checked.is_empty()).then(|| checked.iter().map(piece).collect())
}

fn check_tokens(
    directive: &'static str,
    texts: Vec<String>,
    problems: &mut Vec<CspProblem>,
) -> Option<Vec<Piece>> {
    let (is_valid, problem): (fn(&str) -> bool, _) = match directive {
        "sandbox" => (
            |text| SANDBOX_TOKENS.contains(&text),
            "is not an exception of the sandbox, such as `allow-forms`",
        ),
        "report-uri" => (is_report_uri, "is neither an absolute URL nor a path"),
        "trusted-types" => (is_trusted_type, "is not the name of a policy"),
        "require-trusted-types-for" => (|text| text == "'script'", "is not `'script'`"),
        _ => (
            is_token,
            "is not a token: letters, digits and `!#$%&*+-.^_|~` alone",
        ),
    };
    let mut kept: Vec<Piece> = Vec::new();
    for text in texts {
        let trimmed = text.trim_matches([' ', '\t']);
        if trimmed.is_empty() {
            continue;
        }
        if is_valid(trimmed) {
            kept.push(Piece::Text(trimmed.to_owned()));
        } else {
            problems.push(CspProblem {
                directive,
                source: text,
                problem,
            });
        }
    }
    // A sandbox without exceptions is the strictest one.
    (!kept.is_empty() || directive == "sandbox").then_some(kept)
}

fn is_token(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"!#$%&*+-.^_|~".contains(&b))
}

fn is_report_uri(text: &str) -> bool {
    let has_start = ["https://", "http://", "/"]
        .iter()
        .any(|start| text.starts_with(start));
    has_start
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b";,'\"<>\\".contains(&b))
}

fn is_trusted_type(text: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-#=_/@.%".contains(&b);
    matches!(text, "'none'" | "'allow-duplicates'" | "*") || text.bytes().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(builder: CspBuilder) -> Vec<String> {
        let errors = builder.build().unwrap_err();
        errors.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn directives_are_sent_in_one_order_whatever_the_order_of_calls() {
        let csp = Csp::builder()
            .trusted_types(["a", "'allow-duplicates'"])
            .require_trusted_types_for_script()
            .sandbox(["allow-forms", "allow-scripts"])
            .block_all_mixed_content()
            .upgrade_insecure_requests()
            .report_to("endpoint")
            .report_uri(["/csp", "https://reports.example/x"])
            .worker_src([Src::SelfOrigin])
            .frame_ancestors([Src::None])
            .script_src([Src::Nonce, Src::StrictDynamic])
            .default_src([Src::SelfOrigin])
            .build()
            .unwrap();
        assert_eq!(
            csp.to_string(),
            "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic'; \
             frame-ancestors 'none'; worker-src 'self'; \
             report-uri /csp https://reports.example/x; report-to endpoint; \
             upgrade-insecure-requests; block-all-mixed-content; \
             sandbox allow-forms allow-scripts; require-trusted-types-for 'script'; \
             trusted-types a 'allow-duplicates'"
        );
        assert!(csp.has_nonce());
        let without = csp.without_nonce();
        assert!(!without.has_nonce());
        assert!(
            without
                .to_string()
                .contains("script-src 'strict-dynamic'; ")
        );
    }

    #[test]
    fn every_directive_has_its_place() {
        let sources = || [Src::SelfOrigin];
        let csp = Csp::builder()
            .default_src(sources())
            .script_src(sources())
            .script_src_elem(sources())
            .script_src_attr(sources())
            .style_src(sources())
            .style_src_elem(sources())
            .style_src_attr(sources())
            .img_src(sources())
            .font_src(sources())
            .connect_src(sources())
            .frame_src(sources())
            .object_src(sources())
            .media_src(sources())
            .child_src(sources())
            .form_action(sources())
            .frame_ancestors(sources())
            .base_uri(sources())
            .manifest_src(sources())
            .worker_src(sources())
            .report_uri(["/x"])
            .report_to("x")
            .upgrade_insecure_requests()
            .block_all_mixed_content()
            .sandbox([""])
            .require_trusted_types_for_script()
            .trusted_types(["*"])
            .build()
            .unwrap();
        let text = csp.to_string();
        let names: Vec<_> = text
            .split("; ")
            .filter_map(|directive| directive.split(' ').next())
            .collect();
        assert_eq!(names, ORDER);
        assert!(text.contains("; sandbox; "));
    }

    #[test]
    fn what_is_empty_is_not_sent() {
        let csp = Csp::builder()
            .img_src([Src::raw(" ")])
            .font_src([])
            .report_to("")
            .build()
            .unwrap();
        assert!(csp.is_empty());
        assert_eq!(csp.to_string(), "");
    }

    #[test]
    fn setting_again_replaces_even_what_was_wrong() {
        let csp = Csp::builder()
            .img_src([Src::raw("a;b")])
            .img_src([Src::SelfOrigin, Src::raw("'self'")])
            .build()
            .unwrap();
        assert_eq!(csp.to_string(), "img-src 'self'");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = Csp::builder()
            .sandbox(["allow-forms", "allow-everything"])
            .report_to("a b")
            .report_uri(["ftp://x", "/a;b"])
            .frame_ancestors([Src::UnsafeInline, Src::Nonce, Src::SelfOrigin])
            .img_src([Src::None, Src::SelfOrigin])
            .script_src([Src::raw("self"), Src::raw("a\nb")])
            .trusted_types(["a b"]);
        assert_eq!(
            problems(wrong),
            [
                "script-src: `self` is a keyword without its quotes",
                "script-src: `a\\nb` has a control character",
                "img-src: `'none'` excludes every other source: use it alone",
                "frame-ancestors: `'unsafe-inline'` says nothing about frames: remove it",
                "frame-ancestors: `'nonce-'` says nothing about frames: remove it",
                "report-uri: `ftp://x` is neither an absolute URL nor a path",
                "report-uri: `/a;b` is neither an absolute URL nor a path",
                "report-to: `a b` is not a token: letters, digits and `!#$%&*+-.^_|~` alone",
                "sandbox: `allow-everything` is not an exception of the sandbox, such as \
                 `allow-forms`",
                "trusted-types: `a b` is not the name of a policy",
            ]
        );
    }
}
