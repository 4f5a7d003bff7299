//! The users of an account: its lists, and one user alone.

use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::clip::normalise::LONGEST_NAME;
use crate::clip::owner::{Ids, People, Person};
use crate::zoom::call::Call;
use crate::zoom::client::Client;
use crate::zoom::failure::Failure;
use crate::zoom::limiter::RateLabel;
use crate::zoom::list;
use crate::zoom::list::Kept;
use crate::zoom::wire::{WireError, text};

/// The states that a list can be asked for, one a call. Users who were deleted are in no list.
pub(crate) const STATES: [&str; 3] = ["active", "inactive", "pending"];

impl Kept for (String, Person) {
    fn bytes(&self) -> usize {
        self.0.len() + self.1.bytes()
    }
}

/// The users with one of these ids among those of an account in one of [`STATES`]; of the token's
/// own account where `account` is none. Ids are compared letter by letter, and users without an id,
/// as those who have not accepted their invitation, are passed over.
///
/// # Errors
/// If a call gave up.
pub(crate) async fn users(
    client: &Client,
    account: Option<&str>,
    state: &'static str,
    wanted: Arc<Ids>,
) -> Result<People, Failure> {
    let path = match account {
        Some(account) => vec!["accounts".into(), account.into(), "users".into()],
        None => vec!["users".into()],
    };
    let call = Call {
        label: RateLabel::Medium,
        path,
        query: vec![
            ("status", state.to_owned()),
            ("page_size", "2000".to_owned()),
        ],
        page_token: None,
    };
    let decode = move |record: &RawValue| {
        let user = parse(record.get(), state)?;
        Ok(user.filter(|(id, _)| wanted.contains(id)))
    };
    // People come and go while their list is read, so its count proves nothing.
    let found = list::read(client, &call, "users", decode, |_| None).await?;
    Ok(found.into_iter().collect())
}

/// A user of the token's own account, by id.
///
/// # Errors
/// If the call gave up.
pub(crate) async fn user(client: &Client, id: &str) -> Result<Person, Failure> {
    let call = Call {
        label: RateLabel::Light,
        path: vec!["users".into(), id.into()],
        query: Vec::new(),
        page_token: None,
    };
    let asked = id.to_owned();
    let decode = move |body: &bytes::Bytes| {
        let (text, _) = text(body);
        // Without that id it is somebody else or no user, whatever the status of the answer says.
        let user = parse(&text, "")?.filter(|(id, _)| *id == asked);
        let user = user.ok_or_else(|| WireError::Malformed {
            why: "it is not of the user who was asked for".to_owned(),
        })?;
        Ok(user.1)
    };
    client.get(&call, decode).await
}

/// A user's id and who it is; none for one without an id. A field of another type than text, of a text
/// with a NUL, which databases refuse, or of one longer than [`LONGEST_NAME`] counts as missing: a name is
/// not worth a census.
fn parse(record: &str, state: &str) -> Result<Option<(String, Person)>, WireError> {
    let record: Value =
        serde_json::from_str(record).map_err(|error| WireError::malformed(&error))?;
    let is_name =
        |text: &str| !text.is_empty() && !text.contains('\0') && text.len() <= LONGEST_NAME;
    let text = |name: &str| {
        let text = record[name].as_str().map_or("", str::trim);
        is_name(text).then(|| text.to_owned())
    };
    let Some(id) = record["id"]
        .as_str()
        .filter(|id| !id.is_empty() && id.len() <= LONGEST_NAME)
    else {
        return Ok(None);
    };
    let parts: Vec<String> = ["first_name", "last_name"]
        .into_iter()
        .filter_map(text)
        .collect();
    let person = Person {
        email: text("email"),
        name: text("display_name").or(Some(parts.join(" ")).filter(|it| is_name(it))),
        department: text("dept"),
        status: text("status").or_else(|| (!state.is_empty()).then(|| state.to_owned())),
    };
    Ok(Some((id.to_owned(), person)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Events;
    use crate::zoom::access_token::Credentials;
    use crate::zoom::endpoints::Endpoints;
    use crate::zoom::failure::FailureKind;
    use crate::zoom::limiter::Limits;
    use crate::zoom::retry::RetryPolicy;
    use crate::zoom::scripted::{Scripted, answer};

    fn client(transport: &Arc<Scripted>) -> Client {
        let limits = Limits {
            light: 80.0,
            medium: 60.0,
            concurrency: 4,
            plan: None,
        };
        Client::new(
            Arc::clone(transport) as _,
            Credentials::AccessToken("hush".into()),
            Endpoints::new("https://api.zoom.us/v2", "https://zoom.us/oauth/token").unwrap(),
            limits,
            RetryPolicy::default(),
            Events::default(),
        )
    }

    fn wanted(ids: &[&str]) -> Arc<Ids> {
        Arc::new(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    fn person(email: Option<&str>, name: Option<&str>, dept: Option<&str>, status: &str) -> Person {
        Person {
            email: email.map(str::to_owned),
            name: name.map(str::to_owned),
            department: dept.map(str::to_owned),
            status: Some(status.to_owned()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_wanted_users_are_kept_and_ids_are_compared_letter_by_letter() {
        let transport = Scripted::queue([
            answer(
                200,
                r#"{"users":[{"id":"Ab","email":"a@x","display_name":"A"},{"email":"p@x"},
                {"id":"ab","email":"other@x"}],"next_page_token":"n","total_records":9}"#,
            ),
            answer(
                200,
                r#"{"users":[{"id":"c","email":"c@x","first_name":"C","last_name":"D",
                "dept":" Legal ","status":"inactive"},{"id":"d","email":"d\u0000@x"}]}"#,
            ),
        ]);
        let found = users(
            &client(&transport),
            Some("acc"),
            "active",
            wanted(&["Ab", "c"]),
        )
        .await;
        let expected = People::from([
            (
                "Ab".to_owned(),
                person(Some("a@x"), Some("A"), None, "active"),
            ),
            (
                "c".to_owned(),
                person(Some("c@x"), Some("C D"), Some("Legal"), "inactive"),
            ),
        ]);
        assert_eq!(found.unwrap(), expected);
        let sent = transport.sent();
        assert_eq!(sent[0].request.url.path(), "/v2/accounts/acc/users");
        assert_eq!(sent[1].query("status").as_deref(), Some("active"));
        assert_eq!(sent[1].query("page_size").as_deref(), Some("2000"));
        assert_eq!(sent[1].query("next_page_token").as_deref(), Some("n"));
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_are_longer_than_any_count_as_missing_and_so_does_a_user_with_such_an_id() {
        let long = "n".repeat(LONGEST_NAME + 1);
        let body = format!(
            r#"{{"users":[{{"id":"a","display_name":"{long}","first_name":"A","last_name":"{}","dept":"D"}},
                {{"id":"{long}"}}]}}"#,
            "n".repeat(LONGEST_NAME)
        );
        let transport = Scripted::queue([answer(200, body)]);
        let found = users(&client(&transport), None, "active", wanted(&["a", &long])).await;
        let found = found.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found["a"], person(None, None, Some("D"), "active"));
    }

    #[tokio::test(start_paused = true)]
    async fn fields_of_another_type_and_empty_ones_count_as_missing() {
        let body = r#"{"users":[{"id":"a","email":7,"display_name":"","first_name":null,
            "last_name":"L","dept":[],"status":{}}]}"#;
        let transport = Scripted::queue([answer(200, body)]);
        let found = users(&client(&transport), None, "pending", wanted(&["a"])).await;
        assert_eq!(
            found.unwrap()["a"],
            person(None, Some("L"), None, "pending")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_alone_is_asked_for_by_id_and_an_answer_for_nobody_or_somebody_else_is_none() {
        let transport = Scripted::queue(
            [answer(
                200,
                r#"{"id":"a b","email":"a@x","status":"active"}"#,
            )]
            .into_iter()
            .chain(vec![answer(200, r#"{"email":"a@x"}"#); 5])
            .chain(vec![answer(200, r#"{"id":"me","email":"a@x"}"#); 5]),
        );
        let client = client(&transport);
        let found = user(&client, "a b").await.unwrap();
        assert_eq!(found, person(Some("a@x"), None, None, "active"));
        assert_eq!(transport.sent()[0].request.url.path(), "/v2/users/a%20b");
        for _ in ["nobody", "somebody else"] {
            let failure = user(&client, "a b").await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Unusable);
        }
        assert_eq!(transport.sent().len(), 11);
    }
}
