//! The users of a simulated account, and the accounts themselves, as the API shows them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::data::texts::TEXTS;
use crate::options::SandboxOptions;
use crate::rng::Rng;
use crate::{format, rng};

/// A user's state; deleted users are in no list, though their clips are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserState {
    Active,
    Inactive,
    Deleted,
    /// Invited, without an id, without clips.
    Pending,
}

impl UserState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            UserState::Active => "active",
            UserState::Inactive => "inactive",
            UserState::Deleted => "deleted",
            UserState::Pending => "pending",
        }
    }

    /// The states that a list can be asked for.
    pub(crate) fn parse(text: &str) -> Option<UserState> {
        [UserState::Active, UserState::Inactive, UserState::Pending]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

/// The users of one account. A user is named by the place in it; the first is the app's owner.
#[derive(Debug)]
pub(crate) struct Directory {
    /// For each owner, the part of all clips that belongs to it or to one before, in 2^53.
    cumulated: Arc<[u64]>,
    pending: u32,
    account: String,
    number: u32,
    seed: u64,
    since: i64,
}

impl Directory {
    pub(crate) fn new(
        options: &SandboxOptions,
        account: &str,
        number: u32,
        owners: u32,
    ) -> Directory {
        let owners = owners.max(1);
        let weights = (1..=owners).map(|place| 1.0 / f64::from(place));
        let total: f64 = weights.clone().sum();
        let mut sum = 0.0;
        let cumulated = weights
            .map(|weight| {
                sum += weight;
                (sum / total * (1_u64 << 53) as f64) as u64
            })
            .collect();
        Directory {
            cumulated,
            pending: owners / 40 + 1,
            account: account.to_owned(),
            number,
            seed: rng::join(options.seed, 0x0517),
            since: options.since,
        }
    }

    /// Users who can own clips, deleted ones included.
    pub(crate) fn owners(&self) -> u32 {
        self.cumulated.len() as u32
    }

    /// Whose clip it is, of a random word: the nth owner has about 1/n of what the first has.
    pub(crate) fn owner_of(&self, word: u64) -> u32 {
        let at = word >> 11;
        let place = self.cumulated.partition_point(|&end| end <= at);
        (place as u32).min(self.owners() - 1)
    }

    fn word(&self, place: u32) -> u64 {
        rng::mix(((u64::from(self.number) << 32) | u64::from(place)) ^ self.seed)
    }

    pub(crate) fn push_id(&self, out: &mut Vec<u8>, place: u32) {
        let word = self.word(place);
        rng::push_word(out, word);
        rng::push_noise(out, &mut Rng::new(word), 11);
    }

    pub(crate) fn id(&self, place: u32) -> String {
        let mut out = Vec::with_capacity(22);
        self.push_id(&mut out, place);
        String::from_utf8_lossy(&out).into_owned()
    }

    pub(crate) fn state(&self, place: u32) -> UserState {
        if place >= self.owners() {
            return UserState::Pending;
        }
        match rng::scale(rng::join(self.word(place), 1), 100) {
            _ if place == 0 => UserState::Active,
            0..5 => UserState::Deleted,
            5..13 => UserState::Inactive,
            _ => UserState::Active,
        }
    }

    pub(crate) fn email(&self, place: u32) -> String {
        format!("member{place}.unit{}@brightwater.example", self.number)
    }

    /// The owner with this id or e-mail address; `me` is the app's owner.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        if text == "me" {
            return Some(0);
        }
        (0..self.owners()).find(|&place| {
            if text.contains('@') {
                text.eq_ignore_ascii_case(&self.email(place))
            } else {
                text == self.id(place)
            }
        })
    }

    /// The places of all users in this state, in order.
    pub(crate) fn in_state(&self, state: UserState) -> Vec<u32> {
        (0..self.owners() + self.pending)
            .filter(|&place| self.state(place) == state)
            .collect()
    }

    /// A user as lists show it.
    pub(crate) fn user(&self, place: u32) -> Value {
        let state = self.state(place);
        let mut rng = Rng::new(rng::join(self.word(place), 2));
        let mut pick =
            |from: &'static [String]| from[rng.below(from.len() as u64) as usize].as_str();
        let (first, last) = (pick(&TEXTS.first_names), pick(&TEXTS.last_names));
        let dept = pick(&TEXTS.departments);
        let created = format::second_text(self.since - 86_400 * (1 + i64::from(place % 900)));
        let mut user = json!({
            "email": self.email(place),
            "type": 1 + place % 2,
            "status": state.name(),
            "role_id": if place == 0 { "0" } else { "2" },
            "created_at": created,
            "verified": u8::from(state == UserState::Active),
        });
        let fields = user
            .as_object_mut()
            .expect("an object literal is an object");
        if state == UserState::Pending {
            return user;
        }
        let pmi = 1_000_000_000 + rng.below(9_000_000_000);
        fields.insert("id".to_owned(), self.id(place).into());
        fields.insert("first_name".to_owned(), first.into());
        fields.insert("last_name".to_owned(), last.into());
        fields.insert("display_name".to_owned(), format!("{first} {last}").into());
        fields.insert("user_created_at".to_owned(), created.into());
        fields.insert("timezone".to_owned(), "Europe/Oslo".into());
        fields.insert("pmi".to_owned(), pmi.into());
        fields.insert("plan_united_type".to_owned(), "4096".into());
        fields.insert("group_ids".to_owned(), json!([]));
        let license = json!([{
            "license_type": "ZOOM_WORKPLACE_BUNDLE",
            "license_option": 576_460_752_303_423_500_u64,
            "subscription_id": format!("sub-{pmi}"),
        }]);
        fields.insert("license_info_list".to_owned(), license);
        if !rng.one_in(10) {
            fields.insert("dept".to_owned(), dept.into());
        }
        if rng.one_in(3) {
            fields.insert(
                "employee_unique_id".to_owned(),
                format!("E-{place:06}").into(),
            );
        }
        user
    }

    /// A user as shown alone.
    pub(crate) fn single_user(&self, place: u32) -> Value {
        let mut user = self.user(place);
        if let Some(fields) = user.as_object_mut() {
            fields.insert("account_id".to_owned(), self.account.clone().into());
            fields.insert("job_title".to_owned(), "".into());
            fields.insert("company".to_owned(), "Brightwater".into());
            fields.insert("location".to_owned(), "Bergen".into());
            fields.insert("cluster".to_owned(), "eu01".into());
        }
        user
    }

    /// The account as the list of sub-accounts shows it.
    pub(crate) fn account(&self) -> Value {
        json!({
            "id": self.account,
            "account_name": format!("Brightwater unit {}", self.number),
            "account_number": 10_010_000_000_u64 + u64::from(self.number),
            "account_type": "Business",
            "created_at": format::second_text(self.since - 86_400 * 400),
            "owner_email": self.email(0),
            "seats": self.owners(),
            "subscription_start_time": if self.number.is_multiple_of(3) {
                String::new()
            } else {
                format::second_text(self.since - 86_400 * 300)
            },
            "reseller": false,
            "bulk_license": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(owners: u32) -> Directory {
        Directory::new(&SandboxOptions::default(), "main", 0, owners)
    }

    #[test]
    fn ids_are_unique_and_find_their_user() {
        let directory = directory(300);
        let ids: std::collections::BTreeSet<String> = (0..300).map(|n| directory.id(n)).collect();
        assert_eq!(ids.len(), 300);
        assert_eq!(directory.find(&directory.id(299)), Some(299));
        assert_eq!(
            directory.find(&directory.email(17).to_uppercase()),
            Some(17)
        );
        assert_eq!(directory.find("me"), Some(0));
        assert_eq!(directory.find("nobody"), None);
    }

    #[test]
    fn shares_of_owners_have_a_long_tail() {
        let directory = directory(100);
        let mut rng = Rng::new(1);
        let mut counts = [0; 100];
        for _ in 0..100_000 {
            counts[directory.owner_of(rng.word()) as usize] += 1;
        }
        assert!(counts[0] > 15_000 && counts[0] < 25_000);
        assert!(counts.iter().all(|&count| count > 0));
        assert_eq!(directory.owner_of(u64::MAX), 99);
    }

    #[test]
    fn pending_users_have_no_id_and_deleted_ones_are_in_no_list() {
        let directory = directory(400);
        let listed: usize = [UserState::Active, UserState::Inactive]
            .map(|state| directory.in_state(state).len())
            .iter()
            .sum();
        assert_eq!(listed + directory.in_state(UserState::Deleted).len(), 400);
        assert!(listed < 400);
        let pending = directory.in_state(UserState::Pending);
        assert!(!pending.is_empty());
        assert!(
            pending
                .iter()
                .all(|&n| directory.user(n).get("id").is_none())
        );
    }
}
