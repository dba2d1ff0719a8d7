use std::net::SocketAddr;

use actix_web::{
    App, HttpResponse, Responder,
    dev::{Service as _, ServiceRequest},
    error::ErrorForbidden,
    http::header::HeaderValue,
    middleware::{self, from_fn},
    test::{TestRequest, init_service},
    web,
};
use serde_json::json;
use threadline::{ActorRef, context};
use threadline_actix::{Audit, ContextOverrides, RemoteIp, RequestCapture};
use uuid::Uuid;

use crate::events::Recorder;
use crate::support::{Answer, actor_from_request, answer, authentication};

/// Shows the context that the extractor has and the one that deeper code sees.
async fn show(audit: Audit) -> impl Responder {
    assert_eq!(context::current().as_ref(), Some(&*audit));
    HttpResponse::Ok().json(audit.into_context())
}

fn capture() -> RequestCapture {
    RequestCapture::new(actor_from_request)
}

/// Sends one request through the capture, inside of the host's authentication.
async fn send(capture: RequestCapture, request: TestRequest) -> Answer {
    let app = App::new()
        .route("/", web::get().to(show))
        .wrap(capture)
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    answer(app.call(request.to_request()).await).await
}

fn get() -> TestRequest {
    TestRequest::get().uri("/")
}

#[actix_web::test]
async fn the_actor_is_what_the_outer_authentication_says() {
    let answer = send(capture(), get().insert_header(("authorization", "alice"))).await;
    assert_eq!(answer.body["actor"], json!({"type": "user", "id": "alice"}));
}

#[actix_web::test]
async fn authentication_inside_of_the_capture_comes_too_late() {
    let app = App::new()
        .route("/", web::get().to(show))
        .wrap(from_fn(authentication))
        .wrap(capture());
    let app = init_service(app).await;
    let request = get().insert_header(("authorization", "alice")).to_request();
    let answer = answer(app.call(request).await).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["actor"], json!(null));
}

#[actix_web::test]
async fn an_actor_function_that_fails_refuses_the_request_with_its_own_response() {
    let refusing = RequestCapture::new(|_: &ServiceRequest| {
        Err::<Option<ActorRef>, _>(ErrorForbidden("account is locked"))
    });
    let answer = send(refusing, get().insert_header(("x-request-id", "r-1"))).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.body, json!("account is locked"));
    assert_eq!(answer.request_id.as_deref(), Some("r-1"));
}

#[actix_web::test]
async fn valid_headers_are_recorded_and_the_request_id_is_echoed() {
    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = get()
        .insert_header(("x-request-id", "r-1"))
        .insert_header(("x-correlation-id", "checkout-7"))
        .insert_header(("traceparent", TRACE));
    let answer = send(capture().source("shop"), request).await;
    let expected = json!({
        "request_id": "r-1", "correlation_id": "checkout-7", "traceparent": TRACE, "source": "shop",
    });
    assert_eq!(answer.body, expected);
    assert_eq!(answer.request_id.as_deref(), Some("r-1"));
}

#[actix_web::test]
async fn a_request_without_a_request_id_gets_a_time_ordered_uuid() {
    let first = send(capture(), get()).await;
    let id = first.request_id.unwrap();
    assert_eq!(first.body["request_id"], json!(id));
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_ne!(send(capture(), get()).await.request_id.unwrap(), id);
}

#[actix_web::test]
async fn an_invalid_id_header_is_a_400_that_names_header_and_rule() {
    let bad = |name: &'static str, value: &[u8]| {
        get().insert_header((name, HeaderValue::from_bytes(value).unwrap()))
    };
    let long = "x".repeat(257);
    for (request, message) in [
        (
            bad("x-request-id", b"a b"),
            "header `x-request-id` must hold visible ASCII characters only (0x21 to 0x7e)",
        ),
        (
            bad("x-request-id", "é".as_bytes()),
            "header `x-request-id` must hold visible ASCII characters only (0x21 to 0x7e)",
        ),
        (
            bad("x-request-id", b""),
            "header `x-request-id` is empty; leave it out instead",
        ),
        (
            bad("x-request-id", long.as_bytes()),
            "header `x-request-id` has 257 bytes, at most 256 are accepted",
        ),
        (
            bad("x-request-id", b"a").append_header(("x-request-id", "a")),
            "header `x-request-id` must be sent once",
        ),
    ] {
        let answer = send(capture(), request).await;
        assert_eq!(
            (answer.status, answer.body),
            (400, json!({"error": message}))
        );
        assert_eq!(answer.request_id, None);
    }
}

#[actix_web::test]
async fn a_400_for_the_correlation_id_still_echoes_the_request_id() {
    let request = get()
        .insert_header(("x-request-id", "r-1"))
        .insert_header(("x-correlation-id", "a b"));
    let answer = send(capture(), request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.body["error"],
        json!("header `x-correlation-id` must hold visible ASCII characters only (0x21 to 0x7e)")
    );
    assert_eq!(answer.request_id.as_deref(), Some("r-1"));
}

#[actix_web::test]
async fn a_traceparent_that_is_not_well_formed_is_ignored() {
    let answer = send(
        capture(),
        get().insert_header(("traceparent", "00-nonsense")),
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["traceparent"], json!(null));
}

#[actix_web::test]
async fn overrides_fill_only_what_is_missing() {
    let overriding = || {
        capture().context_overrides(|_| {
            ContextOverrides::new()
                .request_id("from-host")
                .correlation_id("host-flow")
        })
    };
    let filled = send(overriding(), get()).await;
    assert_eq!(
        filled.body,
        json!({"request_id": "from-host", "correlation_id": "host-flow"})
    );
    assert_eq!(filled.request_id.as_deref(), Some("from-host"));

    let sent = get().insert_header(("x-request-id", "r-1"));
    let sent = send(overriding(), sent).await;
    assert_eq!(
        sent.body,
        json!({"request_id": "r-1", "correlation_id": "host-flow"})
    );
}

#[actix_web::test]
async fn an_override_that_breaks_the_rule_is_left_out_and_told_without_its_value() {
    let (recorder, guard) = Recorder::listen();
    let overriding = capture().context_overrides(|_| {
        ContextOverrides::new()
            .request_id("two words")
            .correlation_id("line\nbreak")
    });
    let answer = send(overriding, get()).await;
    drop(guard);
    let events = recorder.checked(&["two", "break\n", "line"]);
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.name, &*event.fields["header"]))
        .collect();
    let refused = "request.override_refused";
    assert_eq!(
        told,
        [(refused, "x-request-id"), (refused, "x-correlation-id")]
    );
    assert_eq!(answer.status, 200);
    assert!(Uuid::parse_str(&answer.request_id.unwrap()).is_ok());
    assert_eq!(answer.body["correlation_id"], json!(null));
}

#[actix_web::test]
async fn forwarded_addresses_are_believed_only_on_demand() {
    let request = || {
        get()
            .peer_addr(SocketAddr::from(([192, 0, 2, 1], 4711)))
            .insert_header(("x-forwarded-for", "203.0.113.9, 198.51.100.1"))
    };
    let recorded = async |remote_ip: RemoteIp| {
        send(capture().remote_ip(remote_ip), request()).await.body["remote_ip"].clone()
    };
    assert_eq!(
        send(capture(), request()).await.body["remote_ip"],
        json!("192.0.2.1")
    );
    assert_eq!(recorded(RemoteIp::Peer).await, json!("192.0.2.1"));
    assert_eq!(recorded(RemoteIp::Forwarded).await, json!("203.0.113.9"));
    assert_eq!(recorded(RemoteIp::None).await, json!(null));
}

#[actix_web::test]
async fn the_request_id_is_echoed_on_errors_of_handlers_and_of_inner_middleware() {
    let app = App::new()
        .route(
            "/handler",
            web::get().to(async || Err::<String, _>(ErrorForbidden("no"))),
        )
        .service(
            web::scope("/middleware")
                .route("", web::get().to(show))
                .wrap(from_fn(
                    async |_, _: middleware::Next<actix_web::body::BoxBody>| {
                        Err::<actix_web::dev::ServiceResponse, _>(ErrorForbidden("no"))
                    },
                )),
        )
        .wrap(capture());
    let app = init_service(app).await;
    for (path, status) in [("/handler", 403), ("/middleware", 403), ("/nowhere", 404)] {
        let request = TestRequest::get()
            .uri(path)
            .insert_header(("x-request-id", "r-1"));
        let answer = answer(app.call(request.to_request()).await).await;
        assert_eq!(
            (answer.status, answer.request_id.as_deref()),
            (status, Some("r-1")),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_capture_inside_of_another_keeps_its_request_id_and_names_its_own_actor() {
    let inner = RequestCapture::new(|_: &ServiceRequest| ActorRef::service_account("inner").ok());
    let app = App::new()
        .service(web::scope("/in").route("", web::get().to(show)).wrap(inner))
        .wrap(capture());
    let app = init_service(app).await;
    let answer = answer(app.call(TestRequest::get().uri("/in").to_request()).await).await;
    assert_eq!(
        answer.body["actor"],
        json!({"type": "service_account", "id": "inner"})
    );
    assert_eq!(answer.body["request_id"], json!(answer.request_id.unwrap()));
}

#[actix_web::test]
async fn requests_that_are_served_at_once_see_their_own_contexts() {
    let app = App::new()
        .route(
            "/{id}",
            web::get().to(async |audit: Audit| {
                let own = audit.into_context();
                for _ in 0..10 {
                    actix_web::rt::task::yield_now().await;
                    assert_eq!(context::current().as_ref(), Some(&own));
                }
                HttpResponse::Ok().json(own)
            }),
        )
        .wrap(capture());
    let app = init_service(app).await;
    let sent = (0..20).map(|n| {
        let id = format!("r-{n}");
        let request = TestRequest::get()
            .uri("/x")
            .insert_header(("x-request-id", id.as_str()));
        let call = app.call(request.to_request());
        async move { (id, answer(call.await).await) }
    });
    for (id, answer) in futures_util::future::join_all(sent).await {
        assert_eq!(answer.body["request_id"], json!(id));
    }
    assert_eq!(context::current(), None);
}
