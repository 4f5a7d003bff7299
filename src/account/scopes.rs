//! The scopes that calls need: an app has granular or classic ones, and any of a need will do.

use crate::event::Event;
use crate::settings::Accounts;

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// What it is for, as an infinitive.
    pub(crate) what: &'static str,
    /// Scopes of which one will do, the granular one first.
    pub(crate) scopes: &'static [&'static str],
}

impl Need {
    /// The scopes in words.
    pub(crate) fn wanted(&self) -> String {
        self.scopes.join(" or ")
    }

    /// Whether these scopes, as the access token names them, have it; a token that names none may.
    pub(crate) fn is_met(&self, granted: &[String]) -> bool {
        let has = |scope: &&str| granted.iter().any(|has| has == scope);
        granted.is_empty() || self.scopes.iter().any(has)
    }

    /// Says that the owners that the call would tell of stay without a name.
    pub(crate) fn owners_unknown(&self, why: &str) -> Event {
        Event::OwnersUnknown {
            what: self.what.to_owned(),
            why: why.to_owned(),
        }
    }
}

/// An app without it gets the clips of its own user, which look like all there are.
const OWN_CLIPS: Need = Need {
    what: "list all clips of the account",
    scopes: &["clips:read:list_user_clips:admin", "clips:read:admin"],
};

const SUB_CLIPS: Need = Need {
    what: "list the clips of sub-accounts",
    scopes: &["clips:read:list_user_clips:master", "clips:read:master"],
};

const SUB_ACCOUNTS: Need = Need {
    what: "list the sub-accounts",
    scopes: &[
        "account:read:list_sub_accounts:master",
        "account:read:master",
        "account:master",
    ],
};

/// For the users of the credentials' own account.
pub(crate) const OWN_USERS: Need = Need {
    what: "list the account's users",
    scopes: &["user:read:list_users:admin", "user:read:admin"],
};

/// For the users of sub-accounts.
pub(crate) const SUB_USERS: Need = Need {
    what: "list the users of sub-accounts",
    scopes: &["user:read:list_users:master", "user:master"],
};

/// For a user that no list holds.
pub(crate) const ONE_USER: Need = Need {
    what: "look up users whom no list holds",
    scopes: &["user:read:user:admin", "user:read:admin"],
};

/// What a census of these accounts cannot do without.
pub(crate) fn for_clips(accounts: &Accounts) -> Vec<Need> {
    match accounts {
        Accounts::Own => vec![OWN_CLIPS],
        Accounts::Named(_) => vec![SUB_CLIPS],
        Accounts::All => vec![OWN_CLIPS, SUB_CLIPS, SUB_ACCOUNTS],
    }
}

/// What the names of its owners need.
pub(crate) fn for_owners(accounts: &Accounts) -> Vec<Need> {
    match accounts {
        Accounts::Own => vec![OWN_USERS, ONE_USER],
        Accounts::Named(_) => vec![SUB_USERS],
        Accounts::All => vec![OWN_USERS, ONE_USER, SUB_USERS],
    }
}
