//! How owners are called: by name where it is known, and so that two of one name are told apart.

use std::collections::{HashMap, HashSet};

use crate::report::page::section::Cell;
use crate::report::summary::{OwnerUsage, Summary};

/// What the owners of a summary are called.
pub(crate) struct Names<'a> {
    owners: HashMap<Option<&'a str>, &'a OwnerUsage>,
    /// Names that several owners have.
    shared: HashSet<&'a str>,
    /// Whether anything is known of any of them.
    pub(crate) are_known: bool,
}

impl<'a> Names<'a> {
    pub(crate) fn of(summary: &'a Summary) -> Self {
        let mut seen = HashSet::new();
        let names = summary.owners.iter().filter_map(name);
        let shared = names.filter(|name| !seen.insert(*name)).collect();
        let owners = summary.owners.iter();
        Self {
            owners: owners.map(|it| (it.owner_id.as_deref(), it)).collect(),
            shared,
            are_known: summary.has_names(),
        }
    }

    /// An owner in a word or two: the name, else the e-mail address, else the id. A name that others
    /// have too is followed by the address or the id.
    pub(crate) fn short(&self, owner: &OwnerUsage) -> String {
        let id = owner.owner_id.as_deref();
        let email = owner.person.email.as_deref();
        match name(owner) {
            Some(name) if self.is_shared(owner) => {
                format!("{name} ({})", email.or(id).unwrap_or(NO_OWNER))
            }
            Some(name) => name.to_owned(),
            None => email.or(id).unwrap_or(NO_OWNER).to_owned(),
        }
    }

    /// An owner where there is little room: of an address that tells two of one name apart, only what
    /// stands before the `@`.
    pub(crate) fn shortest(&self, owner: &OwnerUsage) -> String {
        let short = self.short(owner);
        match short.strip_suffix(')').and_then(|it| it.rsplit_once('@')) {
            Some((begin, _)) if self.is_shared(owner) => format!("{begin})"),
            _ => short,
        }
    }

    fn is_shared(&self, owner: &OwnerUsage) -> bool {
        name(owner).is_some_and(|name| self.shared.contains(name))
    }

    /// The short name, with the e-mail address behind it where it is not in it.
    fn with_email(&self, owner: &OwnerUsage) -> String {
        let short = self.short(owner);
        match owner.person.email.as_deref() {
            Some(email) if short != email && !short.ends_with(&format!("({email})")) => {
                format!("{short}, {email}")
            }
            _ => short,
        }
    }

    /// Whoever has this id, with the e-mail address.
    pub(crate) fn by_id(&self, owner_id: Option<&str>) -> String {
        match self.owners.get(&owner_id) {
            Some(owner) => self.with_email(owner),
            None => owner_id.unwrap_or(NO_OWNER).to_owned(),
        }
    }
}

/// An owner where details follow that tell two of one name apart.
pub(crate) fn plain_name(owner: &OwnerUsage) -> &str {
    let known = [name(owner), owner.person.email.as_deref()];
    let known = known.into_iter().flatten().next();
    known.or(owner.owner_id.as_deref()).unwrap_or(NO_OWNER)
}

/// What stands behind the name of an owner in a table: e-mail address, department, what became
/// of the user, and the id, each only if it says something that the name does not.
pub(crate) fn details(owner: &OwnerUsage) -> [Cell; 4] {
    let plain = plain_name(owner);
    let unsaid =
        |text: Option<&str>| Cell::text(text.filter(|text| *text != plain).unwrap_or_default());
    let person = &owner.person;
    [
        unsaid(person.email.as_deref()),
        Cell::text(person.department.as_deref().unwrap_or_default()),
        Cell::text(match user_status(owner) {
            "active" => "",
            status => status,
        }),
        unsaid(owner.owner_id.as_deref()),
    ]
}

const NO_OWNER: &str = "(no owner)";

/// An owner whom the service did not find.
pub(crate) const NOT_FOUND: &str = "not found";

fn name(owner: &OwnerUsage) -> Option<&str> {
    owner.person.name.as_deref()
}

/// The user's status, in the service's own word.
pub(crate) fn user_status(owner: &OwnerUsage) -> &str {
    let is_known = owner.person.is_known() || owner.owner_id.is_none();
    let unknown = if is_known { "" } else { NOT_FOUND };
    owner.person.status.as_deref().unwrap_or(unknown)
}
