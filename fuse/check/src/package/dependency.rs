//! A declared dependency: its source, in every spelling.

use fuse_syntax::Span;

/// One row of `[dependencies]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Name modules import it by.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// The key in the manifest.
    pub span: Span,
}

/// Where a dependency comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A directory, relative to the declaring package, with `/`.
    Path(String),
    /// A commit of a git repository.
    Git(GitSource),
}

/// A git repository, a way to name a commit, and a directory in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSource {
    /// URL of the repository: `https`, `ssh`, `file`, or `user@host:path`.
    pub url: String,
    /// How the commit is named.
    pub reference: GitRef,
    /// Directory of the package inside the repository, with `/`.
    pub subdir: Option<String>,
}

/// How a commit is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitRef {
    /// The head of the default branch.
    Default,
    /// A commit id, perhaps shortened.
    Rev(String),
    /// A tag.
    Tag(String),
    /// The head of a branch.
    Branch(String),
    /// A version, looked up as the tag `v<version>`, then `<version>`.
    Version(String),
}

impl GitRef {
    /// The form kept in the lock file: `tag:v1`, `rev:…`, `branch:…`, `version:…`, `default`.
    #[must_use]
    pub fn requested(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Rev(rev) => format!("rev:{rev}"),
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Branch(branch) => format!("branch:{branch}"),
            Self::Version(version) => format!("version:{version}"),
        }
    }

    /// Reads the form that [`GitRef::requested`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let (kind, name) = text.split_once(':')?;
        let name = name.to_owned();
        match kind {
            "rev" => Some(Self::Rev(name)),
            "tag" => Some(Self::Tag(name)),
            "branch" => Some(Self::Branch(name)),
            "version" => Some(Self::Version(name)),
            _ => None,
        }
    }

    /// The names of tags to try, in order, when the reference names a tag.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        match self {
            Self::Tag(tag) => vec![tag.clone()],
            Self::Version(version) => vec![format!("v{version}"), version.clone()],
            _ => Vec::new(),
        }
    }
}

impl GitSource {
    /// Why the URL is refused, if it is: only `https`, `ssh` and `file` are fetched from.
    #[must_use]
    pub fn url_problem(url: &str) -> Option<&'static str> {
        const ALLOWED: &str = "only `https`, `ssh` and `file` URLs are fetched from";
        if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Some("a URL holds no spaces or control characters");
        }
        if url.starts_with('-') {
            return Some(ALLOWED);
        }
        match url.split_once("://") {
            Some(("https" | "ssh" | "file", rest))
                if !rest.is_empty() && !rest.starts_with('-') =>
            {
                None
            }
            Some(_) => Some(ALLOWED),
            // `user@host:path` is how ssh is commonly written.
            None => {
                let host = url
                    .split_once(':')
                    .map(|(host, path)| (host, path.is_empty()));
                let scp = matches!(host, Some((host, false))
                    if host.contains('@') && !host.contains('/') && !url.contains("::"));
                (!scp).then_some(ALLOWED)
            }
        }
    }

    /// Whether both name the same package, however the URL is spelled.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let plain = |url: &str| {
            let url = url.trim_end_matches('/');
            url.strip_suffix(".git").unwrap_or(url).to_owned()
        };
        plain(&self.url) == plain(&other.url)
            && self.reference == other.reference
            && self.subdir.as_deref().unwrap_or("") == other.subdir.as_deref().unwrap_or("")
    }

    /// How messages name the source: `https://… (tag:v1, subdir fuse)`.
    #[must_use]
    pub fn display(&self) -> String {
        let subdir = self
            .subdir
            .as_ref()
            .map_or_else(String::new, |subdir| format!(", subdir {subdir}"));
        format!(
            "{} ({}{subdir})",
            redact(&self.url),
            self.reference.requested()
        )
    }
}

/// The URL without a password, for messages.
#[must_use]
pub fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}{path}")
        }
        _ => url.to_owned(),
    }
}

/// Whether `name` may name a dependency: a letter, then letters, digits and `_`.
#[must_use]
pub fn is_dependency_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
