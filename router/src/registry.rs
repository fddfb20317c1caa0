//! The routes of a router under construction.

use std::collections::{BTreeMap, HashMap};

use plumego_contract::BoxHttpService;

use crate::error::{Fault, RegisterError, RegisterErrorKind as Kind};
use crate::meta::{NamedRoute, RouteInfo, RouteMeta};
use crate::method::RouteMethod;
use crate::pattern::Pattern;
use crate::route::{BoxLayer, Route};

/// Longest name of a route, in bytes.
const NAME_BYTES_MAX: usize = 128;

pub(crate) struct Registered {
    pub(crate) method: RouteMethod,
    pub(crate) pattern: Pattern,
    pub(crate) meta: RouteMeta,
    pub(crate) handler: BoxHttpService,
    pub(crate) layers: Vec<BoxLayer>,
    pub(crate) group: usize,
}

impl Registered {
    pub(crate) fn info(&self) -> RouteInfo {
        RouteInfo {
            method: self.method.clone(),
            path: self.pattern.text.clone(),
            meta: self.meta.clone(),
        }
    }

    pub(crate) fn named(&self) -> NamedRoute {
        NamedRoute {
            method: self.method.clone(),
            pattern: self.pattern.text.clone(),
            params: self.pattern.param_names().map(str::to_owned).collect(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) routes: Vec<Registered>,
    pub(crate) by_name: BTreeMap<String, usize>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
}

impl Registry {
    /// Everything is checked before anything is changed.
    pub(crate) fn add(
        &mut self,
        route: Route,
        prefix: &str,
        group: usize,
        strict: bool,
    ) -> Result<(), RegisterError> {
        let method = match &route.method {
            Ok(method) => method.clone(),
            Err(invalid) => {
                let path = format!("{prefix}{}", route.path);
                let reason = invalid.to_string();
                return Err(RegisterError::new(
                    Kind::InvalidMethod,
                    invalid.text(),
                    path,
                    reason,
                ));
            }
        };
        let refuse = |fault, path: &str| RegisterError::from_fault(fault, method.as_str(), path);
        let pattern = Pattern::join(prefix, &route.path, strict)
            .map_err(|fault| refuse(fault, &format!("{prefix}{}", route.path)))?;
        self.check_name(route.meta.name.as_deref())
            .map_err(|fault| refuse(fault, &pattern.text))?;
        let key = pattern.key();
        self.check_shape(&key, &method, &pattern)
            .map_err(|fault| refuse(fault, &pattern.text))?;

        let index = self.routes.len();
        self.by_key.entry(key).or_default().push(index);
        if let Some(name) = &route.meta.name {
            self.by_name.insert(name.clone(), index);
        }
        self.routes.push(Registered {
            method,
            pattern,
            meta: route.meta,
            handler: route.handler,
            layers: route.layers,
            group,
        });
        Ok(())
    }

    fn check_name(&self, name: Option<&str>) -> Result<(), Fault> {
        let Some(name) = name else { return Ok(()) };
        let visible = name.bytes().all(|byte| byte.is_ascii_graphic());
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !visible {
            let reason = format!(
                "the route name {name:?} must be 1 to {NAME_BYTES_MAX} bytes of visible ASCII"
            );
            return Err(Fault::new(Kind::InvalidName, reason));
        }
        match self.by_name.get(name) {
            None => Ok(()),
            Some(first) => {
                let reason = format!("the name `{name}` belongs to {}", self.title(*first));
                Err(Fault::new(Kind::DuplicateName, reason))
            }
        }
    }

    fn check_shape(&self, key: &[u8], method: &RouteMethod, new: &Pattern) -> Result<(), Fault> {
        let same_shape = self.by_key.get(key).into_iter().flatten();
        let Some(first) = same_shape
            .copied()
            .find(|index| self.routes[*index].method == *method)
        else {
            return Ok(());
        };
        let title = self.title(first);
        if self.routes[first]
            .pattern
            .param_names()
            .eq(new.param_names())
        {
            let reason = format!("the route is registered already, as {title}");
            return Err(Fault::new(Kind::DuplicateRoute, reason));
        }
        let reason = format!(
            "`{}` matches the same paths as {title}, which names its parameters otherwise",
            new.text
        );
        Err(Fault::new(Kind::ShapeConflict, reason))
    }

    fn title(&self, index: usize) -> String {
        let Registered {
            method, pattern, ..
        } = &self.routes[index];
        format!("`{method} {}`", pattern.text)
    }

    /// A sorted snapshot.
    pub(crate) fn infos(&self) -> Vec<RouteInfo> {
        let mut infos: Vec<_> = self.routes.iter().map(Registered::info).collect();
        infos.sort_by(|a, b| (&a.method, &a.path).cmp(&(&b.method, &b.path)));
        infos
    }
}
