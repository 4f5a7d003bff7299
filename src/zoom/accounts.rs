//! The sub-accounts of a master account. The master itself is not among them.

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::clip::normalise::LONGEST_NAME;
use crate::zoom::call::Call;
use crate::zoom::client::Client;
use crate::zoom::failure::Failure;
use crate::zoom::limiter::RateLabel;
use crate::zoom::list;
use crate::zoom::list::{Kept, Listed};
use crate::zoom::wire::WireError;

/// One sub-account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubAccount {
    pub id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
}

impl Kept for SubAccount {
    fn bytes(&self) -> usize {
        self.id.len() + self.name.as_ref().map_or(0, String::len)
    }
}

/// All sub-accounts, each once, in the service's order.
///
/// # Errors
/// If a call gave up, the list would never end, or the service counts more or fewer accounts than it lists, again and again.
pub(crate) async fn sub_accounts(client: &Client) -> Result<Vec<SubAccount>, Failure> {
    let call = Call {
        label: RateLabel::Medium,
        path: vec!["accounts".to_owned()],
        query: vec![("page_size", "300".to_owned())],
        page_token: None,
    };
    list::read(client, &call, "accounts", decode, why_not_whole).await
}

/// Leaves each account once, and compares them with the service's own count.
fn why_not_whole(listed: &mut Listed<SubAccount>) -> Option<String> {
    let mut ids = HashSet::new();
    listed
        .items
        .retain(|account| ids.insert(account.id.clone()));
    let (total, found) = (listed.total?, listed.items.len());
    (total != found as u64)
        .then(|| format!("the service counts {total} sub-accounts and lists {found}"))
}

#[derive(serde::Deserialize)]
struct Record {
    id: Option<String>,
    account_name: Option<String>,
}

fn decode(record: &RawValue) -> Result<Option<SubAccount>, WireError> {
    let record: Record =
        serde_json::from_str(record.get()).map_err(|error| WireError::malformed(&error))?;
    let id = record.id.filter(|id| !id.is_empty());
    if id.as_ref().is_some_and(|id| id.len() > LONGEST_NAME) {
        let why = format!("an account has an id of more than {LONGEST_NAME} bytes");
        return Err(WireError::Malformed { why });
    }
    Ok(Some(SubAccount {
        // To leave it out would leave its clips out, unseen.
        id: id.ok_or_else(|| WireError::Malformed {
            why: "an account has no id".to_owned(),
        })?,
        // A name is not worth a census.
        name: record
            .account_name
            .filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME),
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::Events;
    use crate::zoom::access_token::Credentials;
    use crate::zoom::endpoints::Endpoints;
    use crate::zoom::failure::FailureKind;
    use crate::zoom::limiter::Limits;
    use crate::zoom::retry::RetryPolicy;
    use crate::zoom::scripted::{Answer, Scripted, answer};

    async fn run(answers: Vec<Answer>) -> Result<Vec<SubAccount>, Failure> {
        run_on(Scripted::queue(answers)).await
    }

    async fn run_on(service: Arc<Scripted>) -> Result<Vec<SubAccount>, Failure> {
        let limits = Limits {
            light: 80.0,
            medium: 60.0,
            concurrency: 4,
            plan: None,
        };
        let client = Client::new(
            service,
            Credentials::AccessToken("hush".into()),
            Endpoints::new("https://api.zoom.us/v2", "https://zoom.us/oauth/token").unwrap(),
            limits,
            RetryPolicy::default(),
            Events::default(),
        );
        sub_accounts(&client).await
    }

    fn account(id: &str, name: Option<&str>) -> SubAccount {
        SubAccount {
            id: id.into(),
            name: name.map(str::to_owned),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_pages_are_read_and_each_account_stands_once() {
        let accounts = run(vec![
            answer(
                200,
                r#"{"accounts":[{"id":"a","account_name":"A"},{"id":"b"}],"next_page_token":"n"}"#,
            ),
            answer(
                200,
                r#"{"accounts":[{"id":"b"},{"id":"c","account_name":""}],"next_page_token":""}"#,
            ),
        ])
        .await
        .unwrap();
        let expected = [
            account("a", Some("A")),
            account("b", None),
            account("c", None),
        ];
        assert_eq!(accounts, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_token_that_repeats_is_an_error() {
        let page = r#"{"accounts":[],"next_page_token":"again"}"#;
        let failure = run(vec![answer(200, page), answer(200, page)])
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unusable);
        assert!(!failure.to_string().contains("again;"), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_repeats_itself_under_new_page_tokens_is_given_up() {
        let page = |number: usize| {
            let body = format!(r#"{{"accounts":[{{"id":"a"}}],"next_page_token":"{number}"}}"#);
            answer(200, body.clone())
        };
        let failure = run((0..100).map(page).collect()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unusable);
        assert!(failure.to_string().contains("nothing new"), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_is_longer_than_any_is_missing_and_such_an_id_an_error() {
        let long = "n".repeat(LONGEST_NAME + 1);
        let named = format!(r#"{{"accounts":[{{"id":"a","account_name":"{long}"}}]}}"#);
        let found = run(vec![answer(200, named)]).await.unwrap();
        assert_eq!(found, [account("a", None)]);
        let unusable = format!(r#"{{"accounts":[{{"id":"{long}"}}]}}"#);
        let failure = run(vec![answer(200, unusable.clone()); 5])
            .await
            .unwrap_err();
        assert!(failure.to_string().contains("4096 bytes"), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_whose_ids_and_names_take_all_memory_is_given_up() {
        let name = "n".repeat(LONGEST_NAME - 8);
        let records: Vec<String> = (0..5000)
            .map(|n| format!(r#"{{"id":"{n}","account_name":"{name}"}}"#))
            .collect();
        let records = records.join(",");
        let mut page = 0;
        // 20 MB each.
        let service = Scripted::answering(move |_| {
            page += 1;
            let body = format!(r#"{{"accounts":[{records}],"next_page_token":"{page}"}}"#);
            answer(200, body)
        });
        let failure = run_on(service).await.unwrap_err();
        assert!(
            failure.to_string().contains("bytes of ids and names"),
            "{failure}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_with_far_more_than_it_counts_is_given_up() {
        let page = |number: usize| {
            let body = format!(
                r#"{{"accounts":[{{"id":"{number}"}}],"next_page_token":"{number}","total_records":2}}"#
            );
            answer(200, body.clone())
        };
        let failure = run((0..1000).map(page).collect()).await.unwrap_err();
        assert!(
            failure.to_string().contains("more records came"),
            "{failure}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_token_that_no_request_can_hold_is_unusable() {
        let body = format!(
            r#"{{"accounts":[],"next_page_token":"{}"}}"#,
            "t".repeat(4097)
        );
        let failure = run(vec![answer(200, body.clone()); 9]).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unusable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_token_that_ran_out_starts_the_list_again() {
        let accounts = run(vec![
            answer(200, r#"{"accounts":[{"id":"a"}],"next_page_token":"n"}"#),
            answer(400, r#"{"code":300,"message":"Pagination Error"}"#),
            answer(200, r#"{"accounts":[{"id":"a"}]}"#),
        ])
        .await
        .unwrap();
        assert_eq!(accounts, [account("a", None)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_shorter_than_its_count_is_read_again_and_then_refused() {
        let short = answer(200, r#"{"accounts":[{"id":"a"}],"total_records":2}"#);
        let whole = answer(
            200,
            r#"{"accounts":[{"id":"a"},{"id":"b"}],"total_records":2}"#,
        );
        let accounts = run(vec![short.clone(), whole]).await.unwrap();
        assert_eq!(accounts.len(), 2);
        let failure = run(vec![short; 4]).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unusable);
        assert!(
            failure
                .to_string()
                .contains("counts 2 sub-accounts and lists 1"),
            "{failure}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_without_an_id_is_never_left_out_in_silence() {
        let body = r#"{"accounts":[{"account_name":"A"}]}"#;
        let failure = run(vec![answer(200, body); 9]).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unusable);
        assert_eq!(failure.attempts, 5);
    }
}
