//! Orders that are accepted and known to go wrong.

use std::fmt;

/// The layers of an application, outermost first. Reference applications,
/// scaffolds and the command line emit exactly this order.
pub const CANONICAL_ORDER: [&str; 12] = [
    "requestid",
    "tracing",
    "accesslog",
    "httpmetrics",
    "securityheaders",
    "cors",
    "compression",
    "recovery",
    "concurrencylimit",
    "abuseguard",
    "bodylimit",
    "timeout",
];

/// The layers of a group of routes, outermost first; they run after matching.
pub const GROUP_ORDER: [&str; 3] = ["csrf", "auth", "singleflight"];

/// A request must produce one span, one record and one measurement.
const ONCE: [&str; 3] = ["tracing", "accesslog", "httpmetrics"];

/// Pairs that must not be swapped: outer, inner, and what happens otherwise.
const OUTER_INNER: [(&str, &str, &str); 16] = [
    (
        "tracing",
        "recovery",
        "the span of a recovered request does not show the 500 it was answered with",
    ),
    (
        "accesslog",
        "recovery",
        "the log does not show the 500 a recovered request was answered with",
    ),
    (
        "httpmetrics",
        "recovery",
        "the metrics do not count the 500 a recovered request was answered with",
    ),
    (
        "securityheaders",
        "cors",
        "preflights are answered without security headers",
    ),
    (
        "securityheaders",
        "recovery",
        "the answer to a panic carries no security headers",
    ),
    (
        "securityheaders",
        "concurrencylimit",
        "refusals carry no security headers",
    ),
    (
        "securityheaders",
        "abuseguard",
        "refusals carry no security headers",
    ),
    (
        "securityheaders",
        "bodylimit",
        "refusals carry no security headers",
    ),
    (
        "securityheaders",
        "timeout",
        "refusals carry no security headers",
    ),
    (
        "securityheaders",
        "csrf",
        "refusals carry no security headers",
    ),
    (
        "securityheaders",
        "auth",
        "refusals carry no security headers",
    ),
    (
        "cors",
        "auth",
        "preflights, which carry no credentials, are refused",
    ),
    (
        "abuseguard",
        "bodylimit",
        "requests that are refused for their size are not counted against their client",
    ),
    (
        "abuseguard",
        "auth",
        "guesses at credentials are not limited",
    ),
    (
        "bodylimit",
        "timeout",
        "requests that are refused for their size are charged against the time of the handler",
    ),
    (
        "auth",
        "singleflight",
        "requests are coalesced before it is known who sent them",
    ),
];

/// An order of layers that is accepted but goes wrong. `Display` says how, and
/// what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderWarning {
    /// A layer that belongs outside of another one is inside of it.
    Misplaced {
        /// The layer to move outwards.
        layer: &'static str,
        /// The layer it has to be outside of.
        outside_of: &'static str,
        /// What happens as ordered.
        consequence: &'static str,
    },
    /// A layer whose signal must exist once per request is there again.
    Duplicate {
        /// The layer to remove.
        layer: &'static str,
    },
}

impl fmt::Display for OrderWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misplaced {
                layer,
                outside_of,
                consequence,
            } => write!(f, "push `{layer}` before `{outside_of}`: {consequence}"),
            Self::Duplicate { layer } => write!(
                f,
                "push `{layer}` once: every further one repeats the signal of each request"
            ),
        }
    }
}

pub(super) fn check(names: &[&'static str]) -> Vec<OrderWarning> {
    let misplaced = OUTER_INNER
        .iter()
        .filter(|(outer, inner, _)| is_swapped(names, outer, inner))
        .map(
            |&(layer, outside_of, consequence)| OrderWarning::Misplaced {
                layer,
                outside_of,
                consequence,
            },
        );
    let duplicate = ONCE
        .iter()
        .filter(|name| names.iter().filter(|present| present == name).count() > 1)
        .map(|&layer| OrderWarning::Duplicate { layer });
    misplaced.chain(duplicate).collect()
}

/// True when some `outer` stands inside some `inner`.
fn is_swapped(names: &[&str], outer: &str, inner: &str) -> bool {
    let first_inner = names.iter().position(|name| *name == inner);
    let last_outer = names.iter().rposition(|name| *name == outer);
    matches!((first_inner, last_outer), (Some(inner), Some(outer)) if inner < outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(names: &[&'static str]) -> Vec<String> {
        check(names).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_canonical_order_is_clean() {
        let all = [&CANONICAL_ORDER[..], &GROUP_ORDER[..]].concat();
        assert_eq!(check(&all), []);
        assert_eq!(check(&[]), []);
        assert_eq!(check(&["own", "own", "timeout"]), []);
    }

    #[test]
    fn every_pair_is_flagged_when_swapped_and_only_then() {
        for (outer, inner, consequence) in OUTER_INNER {
            assert_eq!(check(&[outer, "own", inner]), []);
            let expected = OrderWarning::Misplaced {
                layer: outer,
                outside_of: inner,
                consequence,
            };
            assert_eq!(check(&[inner, "own", outer]), [expected]);
        }
        assert_eq!(
            warnings(&["timeout", "bodylimit"]),
            [
                "push `bodylimit` before `timeout`: requests that are refused for their size are \
                 charged against the time of the handler"
            ]
        );
    }

    #[test]
    fn signals_are_flagged_when_repeated() {
        for layer in ONCE {
            assert_eq!(check(&[layer]), []);
            let expected = OrderWarning::Duplicate { layer };
            assert_eq!(check(&[layer, "cors", layer, layer]), [expected]);
        }
        assert_eq!(check(&["bodylimit", "bodylimit"]), []);
    }
}
