//! Who sees coverage, redaction and retention.

use std::convert::Infallible;

use actix_web::HttpRequest;
use threadline::ChangeScope;
use threadline_actix::surface::{Access, OperatorSurface};

use super::{
    routes::twin,
    site::{as_user, get_from, only_alice, request},
};
use crate::{
    events::Recorder,
    support::{TestDb, written},
};

const PAGES: [(&str, &str); 3] = [
    ("/coverage", "cargo threadline health coverage"),
    ("/policy/redaction", "cargo threadline policy show"),
    ("/policy/retention", "cargo threadline retention show"),
];

#[actix_web::test]
async fn who_may_not_see_policies_is_told_the_command_and_no_page_speaks_of_them() {
    let db = TestDb::new("policies_denied").await.connect(2).await;
    written(&db).await;
    let surface = || {
        let nobody = async |_: &HttpRequest| Ok::<_, Infallible>(false);
        OperatorSurface::new(db.clone(), only_alice).authorize_policies(nobody)
    };
    for (path, command) in PAGES {
        let got = get_from(surface(), "/audit", request(&format!("/audit{path}"))).await;
        assert_eq!(got.status, 403, "{path}");
        assert!(got.body.contains(command), "{path}: {}", got.body);
        assert!(!got.body.contains("notes"), "{path}: {}", got.body);
        let json = request(&format!("/audit{}", twin(path)));
        let json = get_from(surface(), "/audit", json).await;
        assert_eq!(json.status, 403, "{path}");
        assert_eq!(json.json()["error"]["command"], command, "{path}");
        // Who may not be here at all does not learn that the page exists.
        let mallory = as_user("mallory", &format!("/audit{path}"));
        let got = get_from(surface(), "/audit", mallory).await;
        assert_eq!(got.status, 404, "{path}");
    }
    let page = get_from(surface(), "/audit", request("/audit/timeline")).await;
    for link in ["/audit/coverage", "/audit/policy", "class=\"pill"] {
        let body = page.body.replace("&#x2f;", "/");
        assert!(!body.contains(link), "{link}: {body}");
    }
}

#[actix_web::test]
async fn who_sees_a_scope_may_not_see_policies_unless_the_host_says_so() {
    let db = TestDb::new("policies_scoped").await.connect(2).await;
    written(&db).await;
    let surface = || {
        let scoped = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Scope(7));
        OperatorSurface::new(db.clone(), scoped)
            .scope_query(|id: &i32| ChangeScope::column_is("organisation_id", id))
    };
    for (path, command) in PAGES {
        let got = get_from(surface(), "/audit", request(&format!("/audit{path}"))).await;
        assert_eq!(got.status, 403, "{path}");
        assert!(got.body.contains(command), "{path}: {}", got.body);
        let open = async |_: &HttpRequest| Ok::<_, Infallible>(true);
        let open = surface().authorize_policies(open);
        let got = get_from(open, "/audit", request(&format!("/audit{path}"))).await;
        assert_eq!(got.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn an_error_of_authorize_policies_denies() {
    let db = TestDb::new("policies_error").await.connect(2).await;
    for (path, _) in PAGES {
        let failing = async |_: &HttpRequest| -> Result<bool, String> { Err("secret".to_owned()) };
        let surface = OperatorSurface::new(db.clone(), only_alice).authorize_policies(failing);
        let (recorder, guard) = Recorder::listen();
        let got = get_from(surface, "/audit", request(&format!("/audit{path}"))).await;
        drop(guard);
        assert_eq!(got.status, 403, "{path}");
        let events = recorder.checked(&["secret", "alice"]);
        let names: Vec<_> = events.iter().map(|event| event.name).collect();
        assert_eq!(names, ["surface.authorize_failed"], "{path}");
    }
}
