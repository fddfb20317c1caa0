//! What is registered at one path: an endpoint per method.

use http::Method;

use crate::allow::{AllowSet, Standard};
use crate::method::RouteMethod;

/// No endpoint, node or leaf.
pub(super) const NONE: u32 = u32::MAX;

/// Slot of the fallback, and of methods outside RFC 9110 and RFC 5789.
const OTHER: usize = Standard::COUNT;

/// Rules that add methods to those registered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MethodRules {
    pub(crate) head_from_get: bool,
    pub(crate) auto_options: bool,
}

/// Endpoints by method, with the fallbacks already filled in, so that choosing
/// one is a single read for every standard method.
#[derive(Debug)]
pub(super) struct Leaf {
    slots: [u32; OTHER + 1],
    custom: Vec<(Method, u32)>,
    allow: AllowSet,
}

impl Leaf {
    pub(super) fn new(endpoints: &[(RouteMethod, u32)], rules: MethodRules) -> Self {
        let any = endpoints.iter().find(|(method, _)| method.is_any());
        let mut leaf = Self {
            slots: [any.map_or(NONE, |(_, endpoint)| *endpoint); OTHER + 1],
            custom: Vec::new(),
            allow: AllowSet::default(),
        };
        for (method, endpoint) in endpoints {
            let Some(method) = method.exact() else {
                continue;
            };
            leaf.allow.insert(method);
            match Standard::of(method) {
                Some(standard) => leaf.slots[standard as usize] = *endpoint,
                None => leaf.custom.push((method.clone(), *endpoint)),
            }
        }
        leaf.apply(rules);
        leaf
    }

    fn apply(&mut self, rules: MethodRules) {
        if rules.head_from_get && self.allow.contains(&Method::GET) {
            if !self.allow.contains(&Method::HEAD) {
                self.slots[Standard::Head as usize] = self.slots[Standard::Get as usize];
            }
            self.allow.insert(&Method::HEAD);
        }
        if rules.auto_options {
            self.allow.insert(&Method::OPTIONS);
        }
    }

    /// The endpoint that serves `method`, [`NONE`] when there is none.
    #[inline(always)]
    pub(super) fn endpoint(&self, method: &Method) -> u32 {
        match Standard::of(method) {
            Some(standard) => self.slots[standard as usize],
            None => self.custom_endpoint(method),
        }
    }

    #[cold]
    fn custom_endpoint(&self, method: &Method) -> u32 {
        let mut exact = self.custom.iter().filter(|(own, _)| own == method);
        exact
            .next()
            .map_or(self.slots[OTHER], |(_, endpoint)| *endpoint)
    }

    pub(super) fn allow(&self) -> &AllowSet {
        &self.allow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: MethodRules = MethodRules {
        head_from_get: true,
        auto_options: false,
    };

    fn serve(leaf: &Leaf, method: &Method) -> Option<u32> {
        let endpoint = leaf.endpoint(method);
        (endpoint != NONE).then_some(endpoint)
    }

    fn custom(name: &str) -> Method {
        Method::from_bytes(name.as_bytes()).unwrap()
    }

    #[test]
    fn exact_beats_get_for_head_beats_any() {
        let any = (RouteMethod::ANY, 9);
        let get = (Method::GET.into(), 1);
        let head = (Method::HEAD.into(), 2);
        let full = Leaf::new(&[any.clone(), get.clone(), head], RULES);
        assert_eq!(serve(&full, &Method::HEAD), Some(2));
        let get_any = Leaf::new(&[any.clone(), get.clone()], RULES);
        assert_eq!(serve(&get_any, &Method::HEAD), Some(1));
        assert_eq!(serve(&get_any, &Method::PUT), Some(9));
        assert_eq!(serve(&get_any, &custom("MKCOL")), Some(9));
        let rules = MethodRules {
            head_from_get: false,
            ..RULES
        };
        assert_eq!(
            serve(&Leaf::new(&[any, get.clone()], rules), &Method::HEAD),
            Some(9)
        );
        assert_eq!(serve(&Leaf::new(&[get], rules), &Method::HEAD), None);
    }

    #[test]
    fn other_tokens_are_exact_methods_too() {
        let leaf = Leaf::new(&[(custom("MKCOL").into(), 4)], RULES);
        assert_eq!(serve(&leaf, &custom("MKCOL")), Some(4));
        assert_eq!(serve(&leaf, &custom("COPY")), None);
        assert_eq!(serve(&leaf, &Method::GET), None);
    }
}
