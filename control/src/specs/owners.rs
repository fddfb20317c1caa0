//! `owners.yaml`: who answers for what.

use super::Model;
use crate::decode::{At, Decoder};
use crate::yaml::Node;

/// A group that owns modules.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Its id, as manifests use it.
    pub id: At<String>,
    /// Its name for readers.
    pub name: String,
    /// How to reach it.
    pub contact: String,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// A member of an owning group.
#[derive(Debug, Clone)]
pub struct Member {
    /// The member's handle.
    pub id: String,
    /// Addresses the member commits with.
    pub git_emails: Vec<String>,
}

/// The model of `owners.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    /// Owners in file order.
    pub owners: Vec<Owner>,
}

impl Owners {
    /// Whether there is an owner with this id.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.owners.iter().any(|owner| owner.id.value == id)
    }
}

impl Model for Owners {
    fn decode(decoder: &mut Decoder<'_>, node: &Node) -> Option<Self> {
        let mut fields = decoder.fields(node, "owners.yaml")?;
        decoder.version(&mut fields);
        let entries = decoder.map(fields.take("owners"), owner);
        decoder.finish(&fields);
        let owners = entries
            .into_iter()
            .map(|(id, (name, contact, members))| Owner {
                id,
                name,
                contact,
                members,
            })
            .collect();
        Some(Self { owners })
    }
}

type OwnerFields = (String, String, Vec<Member>);

fn owner(decoder: &mut Decoder<'_>, node: &Node) -> Option<OwnerFields> {
    let mut fields = decoder.fields(node, "an owner")?;
    let name = fields.take("name").and_then(|node| decoder.text(node));
    let contact = fields.take("contact").and_then(|node| decoder.text(node));
    let members = fields.take("members");
    let members = members.map_or_else(Vec::new, |node| decoder.list(node, member));
    decoder.finish(&fields);
    let text = |value: Option<At<String>>| value.map_or_else(String::new, |text| text.value);
    Some((text(name), text(contact), members))
}

fn member(decoder: &mut Decoder<'_>, node: &Node) -> Option<Member> {
    let mut fields = decoder.fields(node, "a member")?;
    let id = fields.take("id").and_then(|node| decoder.text(node));
    let emails = decoder.texts(fields.take("git_emails"));
    decoder.finish(&fields);
    Some(Member {
        id: id?.value,
        git_emails: emails.into_iter().map(|email| email.value).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specs::read;

    #[test]
    fn owners_and_members_are_read() {
        let text = "version: 1\nowners:\n  runtime:\n    name: Runtime\n    contact: r@example.org\n    members:\n      - { id: ada, git_emails: [ada@example.org] }\n";
        let (owners, problems) = read::<Owners>("specs/owners.yaml", text);
        assert_eq!(problems, []);
        let owners = owners.unwrap();
        assert!(owners.contains("runtime"));
        assert!(!owners.contains("Runtime"));
        assert_eq!(owners.owners[0].members[0].git_emails, ["ada@example.org"]);
    }
}
