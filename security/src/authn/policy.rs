use std::future::ready;

use super::{Authorizer, AuthzError, ConfigError, Principal};
use crate::BoxFuture;

/// How names of roles and permissions are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Matching {
    /// `a` to `z` equal `A` to `Z`; other letters only themselves, since
    /// Unicode would equate names that look alike, such as `k` and the Kelvin
    /// sign.
    #[default]
    AsciiCaseInsensitive,
    /// Byte for byte.
    Exact,
}

impl Matching {
    fn equates(self, a: &str, b: &str) -> bool {
        match self {
            Self::AsciiCaseInsensitive => a.eq_ignore_ascii_case(b),
            Self::Exact => a == b,
        }
    }

    fn finds(self, wanted: &str, held: &[String]) -> bool {
        !wanted.is_empty() && held.iter().any(|own| self.equates(wanted, own))
    }
}

/// What a caller must have, whatever the action and the resource.
///
/// Every list that is not empty must hold: of an `any_*` list one entry, of an
/// `all_*` list each. Permissions are looked up among
/// [`Principal::scopes`]. Without any requirement everybody is denied, unless
/// `allow_empty` says otherwise.
///
/// ```
/// use plumego_security::authn::{Authorizer, Principal, RolePolicy};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let editors = RolePolicy { any_role: vec!["editor".into()], ..RolePolicy::default() }.build()?;
/// let ada = Principal::new("ada").with_roles(["Editor"]);
/// assert!(editors.authorize(Some(&ada), "", "").await.is_ok());
/// assert!(editors.authorize(Some(&Principal::new("bob")), "", "").await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePolicy {
    /// One of these roles.
    pub any_role: Vec<String>,
    /// Each of these roles.
    pub all_roles: Vec<String>,
    /// One of these permissions.
    pub any_permission: Vec<String>,
    /// Each of these permissions.
    pub all_permissions: Vec<String>,
    /// Lets every recognised caller through when nothing is required.
    pub allow_empty: bool,
    /// How names are compared.
    pub matching: Matching,
}

impl RolePolicy {
    /// The authorizer of this policy.
    ///
    /// # Errors
    /// [`ConfigError::EmptyText`] for an empty name in a list.
    pub fn build(self) -> Result<RoleAuthorizer, ConfigError> {
        for (name, list) in [
            ("any_role", &self.any_role),
            ("all_roles", &self.all_roles),
            ("any_permission", &self.any_permission),
            ("all_permissions", &self.all_permissions),
        ] {
            if list.iter().any(String::is_empty) {
                return Err(ConfigError::EmptyText(name));
            }
        }
        Ok(RoleAuthorizer(self))
    }

    fn is_empty(&self) -> bool {
        self.any_role.is_empty()
            && self.all_roles.is_empty()
            && self.any_permission.is_empty()
            && self.all_permissions.is_empty()
    }

    fn holds_for(&self, who: &Principal) -> bool {
        let any = |wanted: &[String], held: &[String]| {
            wanted.is_empty() || wanted.iter().any(|name| self.matching.finds(name, held))
        };
        let all = |wanted: &[String], held: &[String]| {
            wanted.iter().all(|name| self.matching.finds(name, held))
        };
        any(&self.any_role, &who.roles)
            && all(&self.all_roles, &who.roles)
            && any(&self.any_permission, &who.scopes)
            && all(&self.all_permissions, &who.scopes)
    }
}

/// Enforces a [`RolePolicy`]; ignores action and resource.
#[derive(Clone, Debug)]
pub struct RoleAuthorizer(RolePolicy);

impl Authorizer for RoleAuthorizer {
    fn authorize<'a>(
        &'a self,
        who: Option<&'a Principal>,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), AuthzError>> {
        let policy = &self.0;
        let allows = |who: &Principal| {
            if policy.is_empty() {
                policy.allow_empty
            } else {
                policy.holds_for(who)
            }
        };
        Box::pin(ready(decide(who, allows)))
    }
}

/// Permissions named after actions and resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionPolicy {
    /// Between action and resource. Default: `:`.
    pub separator: String,
    /// Lets every recognised caller through when action and resource are both
    /// empty.
    pub allow_empty: bool,
    /// How names are compared.
    pub matching: Matching,
}

impl Default for PermissionPolicy {
    fn default() -> Self {
        Self {
            separator: ":".to_owned(),
            allow_empty: false,
            matching: Matching::default(),
        }
    }
}

impl PermissionPolicy {
    /// The authorizer of this policy.
    ///
    /// # Errors
    /// [`ConfigError::EmptyText`] for an empty separator, with which different
    /// pairs would have one name.
    pub fn build(self) -> Result<PermissionAuthorizer, ConfigError> {
        if self.separator.is_empty() {
            return Err(ConfigError::EmptyText("separator"));
        }
        Ok(PermissionAuthorizer(self))
    }
}

/// Asks for the permission `action:resource`, or `action` alone when there is
/// no resource, among [`Principal::scopes`]. A resource without an action is
/// denied, and so are both empty unless the policy says otherwise.
#[derive(Clone, Debug, Default)]
pub struct PermissionAuthorizer(PermissionPolicy);

impl PermissionAuthorizer {
    fn allows(&self, who: &Principal, action: &str, resource: &str) -> bool {
        let policy = &self.0;
        match (action.is_empty(), resource.is_empty()) {
            (true, true) => policy.allow_empty,
            (true, false) => false,
            (false, true) => policy.matching.finds(action, &who.scopes),
            (false, false) => {
                let wanted = [action, &policy.separator, resource].concat();
                policy.matching.finds(&wanted, &who.scopes)
            }
        }
    }
}

impl Authorizer for PermissionAuthorizer {
    fn authorize<'a>(
        &'a self,
        who: Option<&'a Principal>,
        action: &'a str,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<(), AuthzError>> {
        Box::pin(ready(decide(who, |who| self.allows(who, action, resource))))
    }
}

fn decide(
    who: Option<&Principal>,
    allows: impl FnOnce(&Principal) -> bool,
) -> Result<(), AuthzError> {
    match who {
        None => Err(AuthzError::Unauthenticated),
        Some(who) if allows(who) => Ok(()),
        Some(_) => Err(AuthzError::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn ada() -> Principal {
        Principal::new("ada")
            .with_roles(["editor", "Author", ""])
            .with_scopes(["items:read", "items/write", "export", "k", ""])
    }

    async fn answer(
        authorizer: &impl Authorizer,
        who: Option<&Principal>,
        action: &str,
        resource: &str,
    ) -> &'static str {
        match authorizer.authorize(who, action, resource).await {
            Ok(()) => "allowed",
            Err(AuthzError::Unauthenticated) => "unauthenticated",
            Err(AuthzError::Forbidden) => "forbidden",
            Err(AuthzError::Unavailable(error)) => panic!("{error}"),
        }
    }

    async fn by_role(policy: RolePolicy) -> &'static str {
        let authorizer = policy.build().unwrap();
        let nobody = answer(&authorizer, None, "a", "b").await;
        assert_eq!(nobody, "unauthenticated");
        answer(&authorizer, Some(&ada()), "a", "b").await
    }

    #[tokio::test]
    async fn every_list_must_hold() {
        let policy = RolePolicy::default;
        let cases = [
            (list(&["editor"]), list(&[]), list(&[]), list(&[]), true),
            (
                list(&["x", "AUTHOR"]),
                list(&[]),
                list(&[]),
                list(&[]),
                true,
            ),
            (list(&["x"]), list(&[]), list(&[]), list(&[]), false),
            (
                list(&[]),
                list(&["editor", "author"]),
                list(&[]),
                list(&[]),
                true,
            ),
            (
                list(&[]),
                list(&["editor", "x"]),
                list(&[]),
                list(&[]),
                false,
            ),
            (
                list(&[]),
                list(&[]),
                list(&["x", "export"]),
                list(&[]),
                true,
            ),
            (list(&[]), list(&[]), list(&["x"]), list(&[]), false),
            (
                list(&[]),
                list(&[]),
                list(&[]),
                list(&["export", "K"]),
                true,
            ),
            (
                list(&[]),
                list(&[]),
                list(&[]),
                list(&["export", "x"]),
                false,
            ),
            (
                list(&["editor"]),
                list(&["author"]),
                list(&["k"]),
                list(&["export"]),
                true,
            ),
            (
                list(&["editor"]),
                list(&["author"]),
                list(&["k"]),
                list(&["x"]),
                false,
            ),
            (
                list(&["x"]),
                list(&["author"]),
                list(&["k"]),
                list(&["export"]),
                false,
            ),
            // The Kelvin sign is not the letter.
            (list(&[]), list(&[]), list(&["\u{212a}"]), list(&[]), false),
        ];
        for (any_role, all_roles, any_permission, all_permissions, allowed) in cases {
            let policy = RolePolicy {
                any_role,
                all_roles,
                any_permission,
                all_permissions,
                ..policy()
            };
            let expected = if allowed { "allowed" } else { "forbidden" };
            assert_eq!(by_role(policy.clone()).await, expected, "{policy:?}");
        }
    }

    #[tokio::test]
    async fn no_requirement_denies_unless_asked_otherwise() {
        assert_eq!(by_role(RolePolicy::default()).await, "forbidden");
        let open = RolePolicy {
            allow_empty: true,
            ..RolePolicy::default()
        };
        assert_eq!(by_role(open).await, "allowed");
        let still_required = RolePolicy {
            allow_empty: true,
            any_role: list(&["x"]),
            ..RolePolicy::default()
        };
        assert_eq!(by_role(still_required).await, "forbidden");
    }

    #[tokio::test]
    async fn exact_matching_sees_case() {
        let exact = |role: &str| RolePolicy {
            any_role: list(&[role]),
            matching: Matching::Exact,
            ..RolePolicy::default()
        };
        assert_eq!(by_role(exact("Author")).await, "allowed");
        assert_eq!(by_role(exact("author")).await, "forbidden");
    }

    #[test]
    fn empty_names_are_refused() {
        let policy = RolePolicy {
            all_permissions: list(&["x", ""]),
            ..RolePolicy::default()
        };
        let error = policy.build().unwrap_err();
        assert_eq!(error, ConfigError::EmptyText("all_permissions"));
        let policy = PermissionPolicy {
            separator: String::new(),
            ..PermissionPolicy::default()
        };
        assert!(policy.build().is_err());
    }

    #[tokio::test]
    async fn permissions_are_named_after_action_and_resource() {
        let colon = PermissionAuthorizer::default();
        let slash = PermissionPolicy {
            separator: "/".to_owned(),
            allow_empty: true,
            ..PermissionPolicy::default()
        };
        let slash = slash.build().unwrap();
        let ada = ada();
        for (action, resource, by_colon, by_slash) in [
            ("items", "read", "allowed", "forbidden"),
            ("ITEMS", "Read", "allowed", "forbidden"),
            ("items", "write", "forbidden", "allowed"),
            ("export", "", "allowed", "allowed"),
            ("items:read", "", "allowed", "allowed"),
            ("delete", "", "forbidden", "forbidden"),
            ("", "read", "forbidden", "forbidden"),
            ("", "", "forbidden", "allowed"),
        ] {
            let who = Some(&ada);
            assert_eq!(answer(&colon, who, action, resource).await, by_colon);
            assert_eq!(answer(&slash, who, action, resource).await, by_slash);
        }
        let nobody = answer(&colon, None, "items", "read").await;
        assert_eq!(nobody, "unauthenticated");
    }
}
