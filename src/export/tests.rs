//! Whole exports inside one process: against the sandbox without a network, in virtual time, and
//! against the sandbox on loopback, with less patience than the program has.

mod leftover;
mod patience;
mod schedules;
mod taken_over;

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clipcensus_sandbox::in_memory::{ConnectionError, InMemory, ORIGIN, Request as SandboxRequest};
use clipcensus_sandbox::{AccountTruth, SandboxCredentials};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::{Published, export_through};
use crate::clip::Column;
use crate::error::Error;
use crate::settings::args::ExportArgs;
use crate::settings::{Environment, ExportSettings};
use crate::snapshot::{locate, read_rows};
use crate::zoom::Timeouts;
use crate::zoom::transport::{
    Authorization, Method, Request, Response, Transport, TransportError, Which,
};

/// Longer than any export takes in virtual time, with all its waits.
const FOR_EVER: Duration = Duration::from_hours(1000);

/// The sandbox without a network, as patiently waited for as the real service.
struct Direct(Arc<InMemory>);

impl Direct {
    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let authorization = match &request.authorization {
            Authorization::Basic { user, password } => {
                let pair = format!("{user}:{}", password.expose_secret());
                format!("Basic {}", BASE64_STANDARD.encode(pair))
            }
            Authorization::Bearer(token) => format!("Bearer {}", token.expose_secret()),
            Authorization::Anonymous => String::new(),
        };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(request.form.iter().flatten())
            .finish();
        let asked = SandboxRequest {
            method: match request.method {
                Method::Get => "GET",
                Method::Post => "POST",
            },
            path: request.url.path(),
            query: request.url.query().unwrap_or_default(),
            authorization: &authorization,
            form: &form,
        };
        let told = match self.0.ask(&asked).await {
            Ok(told) => told,
            Err(ConnectionError::Closed) => {
                let why = "the connection broke".to_owned();
                return Err(TransportError::Interrupted { why });
            }
            Err(ConnectionError::NoAnswer | ConnectionError::EndlessBody) => {
                std::future::pending().await
            }
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &told.headers {
            headers.append(
                name.to_ascii_lowercase()
                    .parse::<reqwest::header::HeaderName>()
                    .unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        Ok(Response {
            status: told.status,
            headers,
            body: told.body.into(),
            room: None,
        })
    }
}

impl Transport for Direct {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let after = Timeouts::default().first_byte;
            tokio::time::timeout(after, self.exchange(request))
                .await
                .unwrap_or(Err(TransportError::Timeout {
                    which: Which::FirstByte,
                    after,
                }))
        })
    }
}

/// A service at another time.
struct At<T>(Timestamp, T);

impl<T: Transport> Transport for At<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut response = self.1.send(request).await?;
            let date = self.0.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            response
                .headers
                .insert("date", HeaderValue::from_str(&date).unwrap());
            Ok(response)
        })
    }
}

/// Settings of an export of a sandbox.
fn settings(
    args: ExportArgs,
    credentials: &SandboxCredentials,
    api_url: &str,
    oauth_url: &str,
) -> ExportSettings {
    let environment = Environment::of([
        ("ZOOM_ACCOUNT_ID".to_owned(), credentials.account_id.clone()),
        ("ZOOM_CLIENT_ID".to_owned(), credentials.client_id.clone()),
        (
            "ZOOM_CLIENT_SECRET".to_owned(),
            credentials.client_secret.clone(),
        ),
    ]);
    let args = ExportArgs {
        until: Some("2026-11-01".to_owned()),
        base_url: Some(api_url.to_owned()),
        oauth_url: Some(oauth_url.to_owned()),
        ..args
    };
    ExportSettings::resolve(args, &environment, now()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// Exports in this process.
async fn run(
    transport: impl Transport + 'static,
    settings: ExportSettings,
) -> Result<Published, Error> {
    export_through(Arc::new(transport), settings, Vec::new(), now()).await
}

/// Exports the sandbox without a network.
async fn export(
    service: &Arc<InMemory>,
    out: &tempfile::TempDir,
    all_accounts: bool,
) -> Result<Published, Error> {
    let args = ExportArgs {
        out: Some(out.path().join("census")),
        since: Some("2023-01-01".to_owned()),
        all_accounts: Some(all_accounts),
        ..ExportArgs::default()
    };
    let (api, oauth) = (format!("{ORIGIN}/v2"), format!("{ORIGIN}/oauth/token"));
    let settings = settings(args, &service.credentials(), &api, &oauth);
    run(Direct(Arc::clone(service)), settings).await
}

/// Waits for the end in a runtime of its own: when it is gone, so is all work under way in it.
fn in_virtual_time<T>(work: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime
        .block_on(async { tokio::time::timeout(FOR_EVER, work).await })
        .ok()
}

/// Whether the newest snapshot in a folder holds the clips of the truth, each once.
fn is_truth(out: &Path, truth: &AccountTruth) -> Result<(), String> {
    let (layout, manifest) = locate(out).map_err(|error| error.to_string())?;
    let mut ids: Vec<String> = Vec::new();
    let mut bytes = 0;
    for batch in read_rows(&layout, &manifest).unwrap() {
        let batch = batch.unwrap();
        let clip_ids = batch.column(Column::ClipId.index()).as_string::<i32>();
        ids.extend(clip_ids.iter().flatten().map(str::to_owned));
        let sizes = batch.column(Column::FileSizeBytes.index());
        bytes += sizes
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .sum::<i64>();
    }
    ids.sort_unstable();
    let mut hex = String::new();
    for byte in Sha256::digest(ids.join("\n")) {
        write!(hex, "{byte:02x}").unwrap();
    }
    let found = (ids.len() as u64, bytes, hex);
    let wanted = (
        truth.clips,
        i64::try_from(truth.bytes).unwrap(),
        truth.clip_ids_sha256.clone(),
    );
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{found:?} in place of {wanted:?}"))
    }
}

/// Neither data nor manifest is there.
fn is_published(out: &Path) -> bool {
    out.join("clips").exists() || out.join("_snapshots").exists()
}
