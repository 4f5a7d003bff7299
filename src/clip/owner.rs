//! The owner: who stands behind an owner id, and the rows of the `owners` table. Pure.
//!
//! Column order, names and types are a contract with users, as those of the clips are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::clip::schema::Column;

/// How many columns an owner has.
const COLUMNS: usize = 6;

/// The status of a user whom the service says it does not have.
pub(crate) const DELETED: &str = "deleted";

/// The status of a user whom the service has and does not let the app see.
pub(crate) const UNREADABLE: &str = "unreadable";

/// What the service says about a user. Personal data: it is asked for only where the settings say
/// so. Nothing of it is known for a user who has left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Person {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The display name, or first and last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The user's status: `active`, `inactive` or `pending`, or [`DELETED`] or [`UNREADABLE`]; in JSON
    /// `user_status`.
    #[serde(rename = "user_status", skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Person {
    /// Bytes of its texts.
    pub(crate) fn bytes(&self) -> usize {
        let texts = [&self.email, &self.name, &self.department, &self.status];
        texts.into_iter().flatten().map(String::len).sum()
    }

    /// Whether the service told anything about the user.
    #[must_use]
    pub(crate) fn is_known(&self) -> bool {
        *self != Self::default()
    }
}

/// Who stands behind ids.
pub(crate) type People = HashMap<String, Person>;

/// Ids of users.
pub(crate) type Ids = HashSet<String>;

/// The owners of clips, by account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OwnerIds(BTreeMap<String, Arc<Ids>>);

impl OwnerIds {
    /// Takes note of the owners of a batch of clips; its memory grows with their number only.
    pub(crate) fn add(&mut self, clips: &RecordBatch) {
        let text = |column: Column| clips.column(column.index()).as_string::<i32>();
        let (accounts, owners) = (text(Column::AccountId), text(Column::OwnerId));
        for (account, owner) in accounts.iter().zip(owners) {
            let (Some(account), Some(owner)) = (account, owner) else {
                continue;
            };
            if !self.0.contains_key(account) {
                self.0.insert(account.to_owned(), Arc::default());
            }
            if let Some(ids) = self.0.get_mut(account)
                && !ids.contains(owner)
            {
                Arc::make_mut(ids).insert(owner.to_owned());
            }
        }
    }

    /// The owners of an account's clips; none if it has no clips with an owner.
    #[must_use]
    pub(crate) fn of(&self, account: &str) -> Arc<Ids> {
        self.0.get(account).cloned().unwrap_or_default()
    }

    /// How many there are, those of several accounts counted in each.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(|ids| ids.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The columns of an owner, by their position in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnerColumn {
    AccountId,
    Id,
    Email,
    Name,
    Department,
    Status,
}

impl OwnerColumn {
    /// Its place in the schema.
    #[must_use]
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// The schema of an owner's row. All columns are text; only the ids are never null.
#[must_use]
pub fn owner_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let text = |name, is_nullable| Field::new(name, DataType::Utf8, is_nullable);
        Arc::new(Schema::new(vec![
            text("account_id", false),
            text("id", false),
            text("email", true),
            text("name", true),
            text("department", true),
            text("status", true),
        ]))
    });
    Arc::clone(&SCHEMA)
}

/// One row for each owner of each account, by account and id, with what is known of it. Owners of
/// whom nothing is known have a row too, so that joining the clips with it loses none.
///
/// # Panics
/// Never: each row has a value for each column.
#[must_use]
pub(crate) fn owner_batch(ids: &OwnerIds, people: &People) -> RecordBatch {
    let mut cells: [StringBuilder; COLUMNS] = std::array::from_fn(|_| StringBuilder::new());
    let unknown = Person::default();
    for (account, ids) in &ids.0 {
        let mut ids: Vec<&String> = ids.iter().collect();
        ids.sort_unstable();
        for id in ids {
            let person = people.get(id).unwrap_or(&unknown);
            let row = [
                Some(account),
                Some(id),
                person.email.as_ref(),
                person.name.as_ref(),
                person.department.as_ref(),
                person.status.as_ref(),
            ];
            for (cells, cell) in cells.iter_mut().zip(row) {
                cells.append_option(cell);
            }
        }
    }
    let columns = cells
        .into_iter()
        .map(|mut cells| Arc::new(cells.finish()) as ArrayRef);
    RecordBatch::try_new(owner_schema(), columns.collect())
        .expect("each column has a cell for each row")
}

/// The owners of a batch of [`owner_schema`], by id.
pub(crate) fn people_of(batch: &RecordBatch) -> impl Iterator<Item = (String, Person)> + '_ {
    let text = |row: usize, column: OwnerColumn| {
        let cells = batch.column(column.index()).as_string::<i32>();
        cells.is_valid(row).then(|| cells.value(row).to_owned())
    };
    (0..batch.num_rows()).filter_map(move |row| {
        let person = Person {
            email: text(row, OwnerColumn::Email),
            name: text(row, OwnerColumn::Name),
            department: text(row, OwnerColumn::Department),
            status: text(row, OwnerColumn::Status),
        };
        Some((text(row, OwnerColumn::Id)?, person))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{Clip, ClipBatchBuilder};
    use crate::model::Micros;

    fn ids(owners: &[(&str, Option<&'static str>)]) -> OwnerIds {
        let mut clips = ClipBatchBuilder::with_capacity(owners.len());
        for (account, owner) in owners {
            let clip = Clip {
                owner_id: owner.map(Into::into),
                ..Clip::default()
            };
            clips.push(account, Micros(0), &clip);
        }
        let mut ids = OwnerIds::default();
        ids.add(&clips.finish());
        ids
    }

    fn jo() -> Person {
        Person {
            email: Some("jo@example.com".into()),
            name: Some("Jo".into()),
            department: None,
            status: Some("active".into()),
        }
    }

    #[test]
    fn each_owner_of_each_account_has_one_row_in_order_known_or_not() {
        let ids = ids(&[
            ("b", Some("u1")),
            ("a", Some("u2")),
            ("a", None),
            ("a", Some("u1")),
            ("a", Some("u2")),
        ]);
        assert_eq!(ids.len(), 3);
        let people = HashMap::from([("u1".to_owned(), jo())]);
        let batch = owner_batch(&ids, &people);
        let column = |column: OwnerColumn| {
            let cells = batch.column(column.index()).as_string::<i32>();
            cells.iter().map(Option::unwrap).collect::<Vec<_>>()
        };
        assert_eq!(column(OwnerColumn::AccountId), ["a", "a", "b"]);
        assert_eq!(column(OwnerColumn::Id), ["u1", "u2", "u1"]);
        let read: Vec<(String, Person)> = people_of(&batch).collect();
        assert_eq!(read[0], ("u1".to_owned(), jo()));
        assert_eq!(read[1], ("u2".to_owned(), Person::default()));
        assert_eq!(read[2].1, jo());
    }

    #[test]
    fn the_columns_are_what_users_were_promised() {
        let schema = owner_schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(
            names,
            ["account_id", "id", "email", "name", "department", "status"]
        );
        assert_eq!(names[OwnerColumn::Status.index()], "status");
    }
}
