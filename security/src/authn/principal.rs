use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A caller that was recognised.
///
/// `Debug` shows the names of claims and never their values.
///
/// ```
/// use plumego_security::authn::{Principal, PrincipalExt};
///
/// let mut request = http::Request::new(());
/// request.set_principal(Principal::new("user-17").with_roles(["editor"]));
/// assert_eq!(request.principal().unwrap().subject, "user-17");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// Stable identifier of the caller; never empty for a recognised one.
    pub subject: String,
    /// The tenant the caller acts for.
    pub tenant_id: Option<String>,
    /// Roles, as policies name them.
    pub roles: Vec<String>,
    /// Permissions, as policies name them.
    pub scopes: Vec<String>,
    /// Other facts about the caller, by name.
    pub claims: BTreeMap<String, String>,
}

impl Principal {
    /// A caller without tenant, roles and permissions.
    #[must_use]
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            ..Self::default()
        }
    }

    /// Sets [`tenant_id`](Self::tenant_id).
    #[must_use]
    pub fn with_tenant(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = Some(id.into());
        self
    }

    /// Sets [`roles`](Self::roles).
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`scopes`](Self::scopes).
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims: Vec<_> = self.claims.keys().collect();
        f.debug_struct("Principal")
            .field("subject", &self.subject)
            .field("tenant_id", &self.tenant_id)
            .field("roles", &self.roles)
            .field("scopes", &self.scopes)
            .field("claims", &claims)
            .finish()
    }
}

/// Where the principal of a request is kept. Private, so that it can only be
/// replaced through [`PrincipalExt`]; shared, so that a holder cannot change
/// what later layers see.
#[derive(Clone)]
struct Attached(Arc<Principal>);

/// The principal of a request.
pub trait PrincipalExt {
    /// Attaches a principal in place of an earlier one.
    fn set_principal(&mut self, principal: Principal);

    /// The principal, if one was attached.
    fn principal(&self) -> Option<&Principal>;

    /// The principal in a form that outlives the request.
    fn principal_arc(&self) -> Option<Arc<Principal>>;

    /// Makes the request anonymous again.
    fn clear_principal(&mut self);
}

impl PrincipalExt for http::Extensions {
    fn set_principal(&mut self, principal: Principal) {
        self.insert(Attached(Arc::new(principal)));
    }

    fn principal(&self) -> Option<&Principal> {
        self.get::<Attached>().map(|attached| &*attached.0)
    }

    fn principal_arc(&self) -> Option<Arc<Principal>> {
        self.get::<Attached>().map(|attached| attached.0.clone())
    }

    fn clear_principal(&mut self) {
        self.remove::<Attached>();
    }
}

macro_rules! by_extensions {
    ([$($body:ident)?] $holder:ty, $read:ident => $extensions:expr, $write:ident => $extensions_mut:expr) => {
        impl$(<$body>)? PrincipalExt for $holder {
            fn set_principal(&mut self, principal: Principal) {
                let $write = self;
                $extensions_mut.set_principal(principal);
            }

            fn principal(&self) -> Option<&Principal> {
                let $read = self;
                $extensions.principal()
            }

            fn principal_arc(&self) -> Option<Arc<Principal>> {
                let $read = self;
                $extensions.principal_arc()
            }

            fn clear_principal(&mut self) {
                let $write = self;
                $extensions_mut.clear_principal();
            }
        }
    };
}

by_extensions!([] http::request::Parts, head => head.extensions, head => head.extensions);
by_extensions!([B] http::Request<B>, request => request.extensions(), request => request.extensions_mut());

#[cfg(test)]
mod tests {
    use super::*;

    fn editor() -> Principal {
        let mut principal = Principal::new("user-17")
            .with_tenant("acme")
            .with_roles(["editor"])
            .with_scopes(["items:read"]);
        let claim = ("email".to_owned(), "ada@example.com".to_owned());
        principal.claims.extend([claim]);
        principal
    }

    #[test]
    fn what_was_attached_cannot_be_changed_from_outside() {
        let mut request = http::Request::new(());
        assert_eq!(request.principal(), None);
        let mut own = editor();
        request.set_principal(own.clone());
        own.roles.push("admin".to_owned());
        let mut copy = request.principal().unwrap().clone();
        copy.roles.push("admin".to_owned());
        let mut shared = request.principal_arc().unwrap();
        Arc::make_mut(&mut shared).roles.push("admin".to_owned());
        let (head, ()) = request.into_parts();
        let mut clone = head.extensions.clone();
        clone.set_principal(Principal::new("other"));
        assert_eq!(head.principal(), Some(&editor()));
    }

    #[test]
    fn the_last_principal_counts_until_it_is_cleared() {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.set_principal(Principal::new("first"));
        head.set_principal(Principal::new("second"));
        assert_eq!(head.principal().unwrap().subject, "second");
        head.clear_principal();
        assert_eq!(head.principal_arc(), None);
    }

    #[test]
    fn values_of_claims_are_not_printed() {
        let shown = format!("{:?}", editor());
        assert_eq!(
            shown,
            "Principal { subject: \"user-17\", tenant_id: Some(\"acme\"), roles: [\"editor\"], \
             scopes: [\"items:read\"], claims: [\"email\"] }"
        );
    }
}
