//! The owner: who stands behind an owner id, and the rows of the `owners` table. Pure.
//!
//! Column order, names and types are a contract with users, as those of the clips are.

use std::sync::Arc;
use std::sync::LazyLock;

use arrow::array::Array;
use arrow::array::ArrayRef;
use arrow::array::AsArray;
use arrow::array::RecordBatch;
use arrow::array::StringArray;
use arrow::datatypes::DataType;
use arrow::datatypes::Field;
use arrow::datatypes::Schema;
use arrow::datatypes::SchemaRef;
use serde::Deserialize;
use serde::Serialize;

/// What the service says about a user. Personal data: it is asked for only where the settings say
/// so. Nothing of it is known for a user who has left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The display name, or first and last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The user's status: `active`, `inactive` or `pending`.
    #[serde(rename = "user_status", skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Person {
    /// Whether the service told anything about the user.
    #[must_use]
    pub fn is_known(&self) -> bool {
        *self != Self::default()
    }
}

/// An owner of clips of an account: a row of the `owners` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The account whose clips it owns.
    pub account_id: String,
    /// What stands in the clips' `owner_id`.
    pub id: String,
    /// Who it is.
    pub person: Person,
}

/// The columns of an owner, by their position in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the column of its name")]
pub enum OwnerColumn {
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
    pub const fn index(self) -> usize {
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

/// Owners as a batch of [`owner_schema`], in their order.
///
/// # Panics
/// Never: each row has a value for each column.
#[must_use]
pub fn owner_batch(owners: &[Owner]) -> RecordBatch {
    let column = |cell: fn(&Owner) -> Option<&str>| -> ArrayRef {
        Arc::new(owners.iter().map(cell).collect::<StringArray>())
    };
    let columns = vec![
        column(|owner| Some(&owner.account_id)),
        column(|owner| Some(&owner.id)),
        column(|owner| owner.person.email.as_deref()),
        column(|owner| owner.person.name.as_deref()),
        column(|owner| owner.person.department.as_deref()),
        column(|owner| owner.person.status.as_deref()),
    ];
    RecordBatch::try_new(owner_schema(), columns).expect("each column has a cell for each owner")
}

/// The owners of a batch of [`owner_schema`].
pub fn owners_of(batch: &RecordBatch) -> impl Iterator<Item = Owner> + '_ {
    let text = |row: usize, column: OwnerColumn| {
        let cells = batch.column(column.index()).as_string::<i32>();
        cells.is_valid(row).then(|| cells.value(row).to_owned())
    };
    (0..batch.num_rows()).map(move |row| Owner {
        account_id: text(row, OwnerColumn::AccountId).unwrap_or_default(),
        id: text(row, OwnerColumn::Id).unwrap_or_default(),
        person: Person {
            email: text(row, OwnerColumn::Email),
            name: text(row, OwnerColumn::Name),
            department: text(row, OwnerColumn::Department),
            status: text(row, OwnerColumn::Status),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_read_back_as_they_were_and_the_columns_are_what_users_were_promised() {
        let owners = [
            Owner {
                account_id: "a".into(),
                id: "u1".into(),
                person: Person {
                    email: Some("jo@example.com".into()),
                    name: Some("Jo".into()),
                    department: None,
                    status: Some("active".into()),
                },
            },
            Owner {
                account_id: "a".into(),
                id: "u2".into(),
                person: Person::default(),
            },
        ];
        let batch = owner_batch(&owners);
        assert_eq!(owners_of(&batch).collect::<Vec<_>>(), owners);
        let names: Vec<&str> = batch
            .schema_ref()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        assert_eq!(
            names,
            ["account_id", "id", "email", "name", "department", "status"]
        );
    }
}
