//! HTTP: takes a request through arrival, limits, access, faults and the page, and sends the answer.

mod connection;

use std::convert::Infallible;
use std::io;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use connection::{BreakableListener, Switch};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::endpoint::{Endpoint, Route};
use crate::api::oauth::TokenRequest;
use crate::api::reply::{Delivery, Reply, SANDBOX_HEADER, SIMULATED};
use crate::api::report::Misuse;
use crate::service::Service;

/// Nothing that a client sends here is longer.
const MAX_REQUEST_BODY: usize = 64 * 1024;

/// Clips of the truth in one piece.
const TRUTH_PIECE: usize = 1000;

/// Serves until stopped.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>, stop: CancellationToken) {
    let router = Router::new().fallback(handle).with_state(service);
    let service = router.into_make_service_with_connect_info::<Switch>();
    // It ends only when stopped; the listener retries by itself.
    axum::serve(BreakableListener(listener), service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .ok();
}

async fn handle(
    State(service): State<Arc<Service>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    match parts.uri.path() {
        "/sandbox/report" => return plain_json(&service.report()),
        "/sandbox/truth" => {
            let kept = Arc::clone(&service);
            let truth = tokio::task::spawn_blocking(move || plain_json(&kept.truth()));
            return truth.await.unwrap_or_default();
        }
        "/sandbox/truth/clips" => return truth_clips(service),
        _ => {}
    }
    let route = Route::parse(parts.method.as_str(), parts.uri.path());
    let endpoint = route.endpoint;
    let latency = service.arrived(endpoint, arrived);
    let mut reply = if endpoint == Endpoint::Token {
        token(&service, &parts, body).await
    } else {
        answer(&service, route, &parts, arrived).await
    };
    if service.compresses() && accepts_gzip(&parts.headers) {
        compress(&mut reply);
    }
    service.answered(endpoint, &reply);
    tokio::time::sleep_until(arrived + latency + reply.delay).await;
    deliver(&service, reply, &switch).await
}

async fn token(service: &Service, parts: &Parts, body: Body) -> Reply {
    let Ok(body) = axum::body::to_bytes(body, MAX_REQUEST_BODY).await else {
        return Reply::oauth_error(400, "Bad Request", "invalid_request");
    };
    service.token(&TokenRequest {
        authorization: text(&parts.headers, header::AUTHORIZATION),
        content_type: text(&parts.headers, header::CONTENT_TYPE),
        query: parts.uri.query(),
        body: &body,
    })
}

/// Large scans run off the async threads.
async fn answer(service: &Arc<Service>, route: Route, parts: &Parts, arrived: Instant) -> Reply {
    let path = parts.uri.path();
    if route.badly_encoded {
        service.misused(Misuse::PathEncoding, path);
    }
    let authorization = text(&parts.headers, header::AUTHORIZATION);
    let query = parts.uri.query().unwrap_or("");
    if !service.scans(query) {
        return service.answer(&route, path, query, authorization, arrived);
    }
    let service = Arc::clone(service);
    let (path, query) = (path.to_owned(), query.to_owned());
    let authorization = authorization.map(str::to_owned);
    let scan = tokio::task::spawn_blocking(move || {
        service.answer(&route, &path, &query, authorization.as_deref(), arrived)
    });
    scan.await
        .unwrap_or_else(|_| Reply::error(500, 500, "Internal error."))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT_ENCODING).is_some_and(|names| names.contains("gzip"))
}

fn compress(reply: &mut Reply) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    if encoder.write_all(&reply.body).is_ok()
        && let Ok(body) = encoder.finish()
    {
        reply.body = body;
        reply.headers.push(("Content-Encoding", "gzip".to_owned()));
    }
}

async fn deliver(service: &Service, reply: Reply, switch: &Switch) -> Response {
    let length = reply.body.len();
    let half = |body: &[u8]| Bytes::copy_from_slice(&body[..length / 2]);
    let mut builder = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header(header::CONTENT_TYPE, reply.content_type)
        .header("x-zm-trackingid", service.tracking_id())
        .header(SANDBOX_HEADER, SIMULATED)
        .header(header::DATE, service.date());
    for (name, value) in &reply.headers {
        builder = builder.header(*name, value);
    }
    let body = match reply.delivery {
        Delivery::Whole => Body::from(reply.body),
        Delivery::Cut | Delivery::CutByReset => {
            if reply.delivery == Delivery::CutByReset {
                switch.reset_at_end();
            }
            let half = half(&reply.body);
            builder = builder.header(header::CONTENT_LENGTH, length);
            // The pause lets the first half leave before the connection breaks.
            let rest = stream::once(async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            Body::from_stream(stream::iter([Ok::<_, io::Error>(half)]).chain(rest))
        }
        Delivery::Endless => {
            let half = half(&reply.body);
            builder = builder.header(header::CONTENT_LENGTH, length);
            let stop = service.stop().clone();
            let rest = stream::once(async move {
                stop.cancelled_owned().await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            Body::from_stream(stream::iter([Ok::<_, io::Error>(half)]).chain(rest))
        }
        Delivery::Closed | Delivery::Reset => {
            if reply.delivery == Delivery::Reset {
                switch.reset_at_end();
            }
            switch.off();
            Body::empty()
        }
        Delivery::Silent => {
            service.stop().cancelled().await;
            switch.off();
            Body::empty()
        }
    };
    builder.body(body).unwrap_or_default()
}

fn plain_json(value: &impl serde::Serialize) -> Response {
    let body = serde_json::to_vec_pretty(value).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// All clips, account by account, in the order of creation.
fn truth_clips(service: Arc<Service>) -> Response {
    let pieces = stream::unfold((0, 0), move |(account, start)| {
        let service = Arc::clone(&service);
        async move {
            tokio::task::yield_now().await;
            let (piece, next) = service.truth_piece(account, start, TRUTH_PIECE)?;
            Some((Ok::<_, Infallible>(Bytes::from(piece)), next))
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let kind = header::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
