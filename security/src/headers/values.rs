use std::fmt;
use std::str::FromStr;

/// Text that is none of the values of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    header: &'static str,
    known: &'static [&'static str],
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.join("`, `");
        write!(f, "the values of `{}` are `{known}`", self.header)
    }
}

impl std::error::Error for UnknownValue {}

macro_rules! header_values {
    ($(#[$doc:meta])* $name:ident is $header:literal { $( $(#[$variant_doc:meta])* $variant:ident = $text:literal, )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $( $(#[$variant_doc])* $variant, )* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// The value as it is sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownValue;

            /// Reads configuration text, without regard to case and to white
            /// space around it.
            fn from_str(text: &str) -> Result<Self, UnknownValue> {
                let text = text.trim();
                let mut all = Self::ALL.iter();
                let found = all.find(|value| value.as_str().eq_ignore_ascii_case(text));
                found.copied().ok_or(UnknownValue { header: $header, known: &[$( $text, )*] })
            }
        }
    };
}

header_values! {
    /// Who may show the page in a frame (RFC 7034).
    FrameOptions is "X-Frame-Options" {
        /// Nobody.
        Deny = "DENY",
        /// Pages of the same origin.
        SameOrigin = "SAMEORIGIN",
    }
}

header_values! {
    /// How much of its address a page tells others (W3C Referrer Policy).
    ReferrerPolicy is "Referrer-Policy" {
        /// Nothing.
        NoReferrer = "no-referrer",
        /// The whole address, except from HTTPS to HTTP.
        NoReferrerWhenDowngrade = "no-referrer-when-downgrade",
        /// The origin.
        Origin = "origin",
        /// The whole address to the same origin, the origin to others.
        OriginWhenCrossOrigin = "origin-when-cross-origin",
        /// The whole address to the same origin, nothing to others.
        SameOrigin = "same-origin",
        /// The origin, except from HTTPS to HTTP.
        StrictOrigin = "strict-origin",
        /// The whole address to the same origin, the origin to others, nothing
        /// from HTTPS to HTTP.
        StrictOriginWhenCrossOrigin = "strict-origin-when-cross-origin",
        /// The whole address, always.
        UnsafeUrl = "unsafe-url",
    }
}

header_values! {
    /// Which windows share a browsing context group with the page (HTML,
    /// cross-origin opener policies).
    Coop is "Cross-Origin-Opener-Policy" {
        /// Those of the same origin.
        SameOrigin = "same-origin",
        /// Those of the same origin, and windows the page opens.
        SameOriginAllowPopups = "same-origin-allow-popups",
        /// Every one.
        UnsafeNone = "unsafe-none",
    }
}

header_values! {
    /// Who may load the response without asking (Fetch,
    /// `Cross-Origin-Resource-Policy`).
    Corp is "Cross-Origin-Resource-Policy" {
        /// The same origin.
        SameOrigin = "same-origin",
        /// The same site.
        SameSite = "same-site",
        /// Everybody.
        CrossOrigin = "cross-origin",
    }
}

header_values! {
    /// What the page may load from other origins (HTML, cross-origin embedder
    /// policies).
    Coep is "Cross-Origin-Embedder-Policy" {
        /// What allows it.
        RequireCorp = "require-corp",
        /// Anything, without credentials.
        Credentialless = "credentialless",
        /// Anything.
        UnsafeNone = "unsafe-none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_read<T: FromStr + Copy + PartialEq + fmt::Debug>(all: &[T], text: fn(T) -> &'static str)
    where
        T::Err: fmt::Debug,
    {
        for value in all {
            let canonical = text(*value);
            let flipped: String = canonical
                .chars()
                .map(|c| {
                    if c.is_ascii_lowercase() {
                        c.to_ascii_uppercase()
                    } else {
                        c.to_ascii_lowercase()
                    }
                })
                .collect();
            for spelling in [canonical, &flipped, &format!(" {canonical}\t")] {
                assert_eq!(spelling.parse::<T>().unwrap(), *value, "{spelling}");
            }
            assert!(format!("{canonical}x").parse::<T>().is_err());
            assert!(format!("{canonical}, {canonical}").parse::<T>().is_err());
        }
        assert!("".parse::<T>().is_err());
    }

    #[test]
    fn values_are_read_in_any_case_and_nothing_else_is() {
        all_read(FrameOptions::ALL, FrameOptions::as_str);
        all_read(ReferrerPolicy::ALL, ReferrerPolicy::as_str);
        all_read(Coop::ALL, Coop::as_str);
        all_read(Corp::ALL, Corp::as_str);
        all_read(Coep::ALL, Coep::as_str);
        let counts = [
            FrameOptions::ALL.len(),
            ReferrerPolicy::ALL.len(),
            Coop::ALL.len(),
            Corp::ALL.len(),
            Coep::ALL.len(),
        ];
        assert_eq!(counts, [2, 8, 3, 3, 3]);
        let error = "ALLOW-FROM x".parse::<FrameOptions>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the values of `X-Frame-Options` are `DENY`, `SAMEORIGIN`"
        );
    }
}
