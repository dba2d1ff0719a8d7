//! Views that operators save, by forms.

use std::convert::Infallible;

use actix_web::{HttpMessage as _, HttpRequest, http::Method, test::TestRequest};
use sea_orm::DatabaseConnection;
use threadline::{
    ActorRef, ChangeScope,
    saved_view::{save_view, saved_views},
};
use threadline_actix::surface::{Access, OperatorSurface};

use super::site::{Got, as_user, get_from};
use crate::support::{CurrentUser, TestDb, written};

const QUERY: &str = "table=notes&op=delete&from=all";

/// What a browser keeps of a page: its cookie and the token of its forms.
#[derive(Clone, Debug)]
struct Browser {
    user: &'static str,
    cookie: String,
    token: String,
}

impl Browser {
    async fn open(user: &'static str, db: &DatabaseConnection) -> Self {
        let page = get_from(surface_of(db), "/audit", as_user(user, "/audit/timeline")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let cookie = page.headers["set-cookie"].split(';').next().unwrap();
        let (_, rest) = page.body.split_once("name=\"token\" value=\"").unwrap();
        Self {
            user,
            cookie: cookie.to_owned(),
            token: rest.split('"').next().unwrap().to_owned(),
        }
    }

    fn get(&self, path: &str) -> TestRequest {
        as_user(self.user, path).insert_header(("cookie", self.cookie.clone()))
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> TestRequest {
        let mut form = form.to_vec();
        form.push(("token", &self.token));
        self.get(path)
            .method(Method::POST)
            .insert_header(("sec-fetch-site", "same-origin"))
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(serde_urlencoded::to_string(form).unwrap())
    }

    fn save(&self, name: &str) -> TestRequest {
        self.post("/audit/views", &[("name", name), ("query", QUERY)])
    }
}

/// Alice and Bob see everything.
fn surface_of(db: &DatabaseConnection) -> OperatorSurface {
    let known = async |request: &HttpRequest| {
        let user = request.extensions().get::<CurrentUser>().cloned();
        Ok::<_, Infallible>(match user {
            Some(CurrentUser(name)) if name != "mallory" => Access::Everything,
            _ => Access::Denied,
        })
    };
    OperatorSurface::new(db.clone(), known)
}

async fn send(db: &DatabaseConnection, request: TestRequest) -> Got {
    get_from(surface_of(db), "/audit", request).await
}

async fn names(user: &str, db: &DatabaseConnection) -> Vec<String> {
    let views = saved_views(&ActorRef::user(user).unwrap()).all(db).await;
    views.unwrap().into_iter().map(|view| view.name).collect()
}

#[actix_web::test]
async fn a_view_is_saved_applied_and_deleted_by_links_and_forms_alone() {
    let db = TestDb::new("views_life").await.connect(1).await;
    written(&db).await;
    let alice = Browser::open("alice", &db).await;
    let got = send(&db, alice.save("Deleted notes")).await;
    assert_eq!(got.status, 303, "{}", got.body);
    let place = "/audit/timeline?table=notes&op=delete&from=all";
    assert_eq!(got.headers["location"], place);
    let page = send(&db, alice.get("/audit/timeline")).await;
    assert!(
        !page.headers.contains_key("set-cookie"),
        "the cookie is kept"
    );
    let link = page.link("Deleted notes").unwrap();
    let applied = send(&db, alice.get(&link)).await;
    let current = "aria-current=\"true\"><bdi>Deleted notes";
    assert!(applied.body.contains(current), "{}", applied.body);
    assert!(!applied.body.contains("Save this view"), "it is saved");
    let filtered = send(&db, alice.get(&link.replace("/timeline", "/timeline.json"))).await;
    assert_eq!(filtered.json()["count"]["value"], 1);
    // The address of the form to delete it.
    let (_, rest) = applied.body.split_once("Delete a view").unwrap();
    let (_, rest) = rest.split_once("action=\"").unwrap();
    let delete = rest.split('"').next().unwrap().replace("&#x2f;", "/");
    for expected in [place, place] {
        let form = alice.post(&delete, &[("back", "timeline"), ("query", QUERY)]);
        let got = send(&db, form).await;
        assert_eq!(
            (got.status, got.headers["location"].as_str()),
            (303, expected)
        );
    }
    assert_eq!(names("alice", &db).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_form_that_somebody_else_made_is_not_taken() {
    let db = TestDb::new("views_forged").await.connect(2).await;
    let alice = Browser::open("alice", &db).await;
    let bob = Browser::open("bob", &db).await;
    let with = |user: &'static str, cookie: &str, token: &str| Browser {
        user,
        cookie: cookie.to_owned(),
        token: token.to_owned(),
    };
    let header =
        |name: &'static str, value: &'static str| alice.save("forged").insert_header((name, value));
    let mut no_origin = alice.save("forged");
    no_origin = no_origin.insert_header(("sec-fetch-site", "none"));
    for (what, request) in [
        ("no token", with("alice", &alice.cookie, "").save("forged")),
        ("no cookie", with("alice", "", &alice.token).save("forged")),
        (
            "another's token",
            with("alice", &alice.cookie, &bob.token).save("forged"),
        ),
        (
            "another's cookie",
            with("alice", &bob.cookie, &alice.token).save("forged"),
        ),
        (
            "another's cookie and token",
            with("alice", &bob.cookie, &bob.token).save("forged"),
        ),
        ("from another site", header("sec-fetch-site", "cross-site")),
        ("from beside", header("sec-fetch-site", "same-site")),
        ("from nowhere", no_origin),
    ] {
        let got = send(&db, request).await;
        assert_eq!(got.status, 403, "{what}: {}", got.body);
        assert!(
            got.body.contains("load the page again"),
            "{what}: {}",
            got.body
        );
        assert_eq!(got.headers["x-content-type-options"], "nosniff", "{what}");
    }
    for user in ["alice", "bob"] {
        assert_eq!(names(user, &db).await, Vec::<String>::new());
    }
    // A browser that says less says where it is from.
    let older = TestRequest::default()
        .method(Method::POST)
        .uri("/audit/views")
        .insert_header(("authorization", "alice"))
        .insert_header(("host", "audit.example"))
        .insert_header(("cookie", alice.cookie.clone()))
        .set_payload(format!("name=older&token={}", alice.token));
    let own = older.insert_header(("origin", "http://audit.example"));
    assert_eq!(send(&db, own).await.status, 303);
    assert_eq!(names("alice", &db).await, ["older"]);
}

#[actix_web::test]
async fn nobody_deletes_or_sees_the_view_of_another() {
    let db = TestDb::new("views_others").await.connect(2).await;
    let alice = ActorRef::user("alice").unwrap();
    let view = save_view(&alice, "of alice").insert(&db).await.unwrap();
    let bob = Browser::open("bob", &db).await;
    let form = bob.post(&format!("/audit/views/{}/delete", view.id), &[]);
    let got = send(&db, form).await;
    assert_eq!(got.status, 303, "as if it were gone already");
    assert_eq!(names("alice", &db).await, ["of alice"]);
    let page = send(&db, bob.get("/audit/timeline")).await;
    assert!(!page.body.contains("of alice"));
    let denied = Browser {
        user: "mallory",
        ..bob
    };
    assert_eq!(send(&db, denied.save("x")).await.status, 404);
    for path in ["/audit/views", "/audit/views/1/delete"] {
        assert_eq!(send(&db, denied.get(path)).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_view_is_a_page_that_says_so() {
    let db = TestDb::new("views_wrong").await.connect(2).await;
    let alice = Browser::open("alice", &db).await;
    assert_eq!(send(&db, alice.save("taken")).await.status, 303);
    // The same once more is a second click.
    assert_eq!(send(&db, alice.save("taken")).await.status, 303);
    let long = "x".repeat(101);
    for (form, says) in [
        (&[("name", ""), ("query", QUERY)][..], "needs a name"),
        (&[("name", &long), ("query", QUERY)], "1 to 100 characters"),
        (
            &[("name", "taken"), ("query", "table=other")],
            "choose another name",
        ),
        (&[("name", "a"), ("query", "tabel=notes")], "tabel"),
        (
            &[("name", "a"), ("query", "op=drop")],
            "insert, update, delete",
        ),
        (&[("name", "a"), ("query", "after=x")], "after"),
        (&[("name", "a"), ("surprise", "x")], "surprise"),
        (&[("name", "a\0b")], "NUL"),
    ] {
        let got = send(&db, alice.post("/audit/views", form)).await;
        assert_eq!(got.status, 422, "{form:?}: {}", got.body);
        assert!(got.body.contains(says), "{form:?}: {}", got.body);
    }
    let large = "x".repeat(70_000);
    let got = send(&db, alice.post("/audit/views", &[("name", &large)])).await;
    assert_eq!(got.status, 422);
    let got = send(&db, alice.post("/audit/views/none/delete", &[])).await;
    assert_eq!(got.status, 404);
    assert_eq!(names("alice", &db).await, ["taken"]);
}

#[actix_web::test]
async fn a_surface_that_may_only_read_refuses_and_says_what_to_grant() {
    let test_db = TestDb::new("views_reader").await;
    let db = test_db.connect(1).await;
    let alice = Browser::open("alice", &db).await;
    assert_eq!(send(&db, alice.save("kept")).await.status, 303);
    let forms = ["Save this view", "Delete a view"];
    let page = send(&db, alice.get("/audit/timeline?op=delete")).await;
    assert!(
        forms.iter().all(|form| page.body.contains(form)),
        "{}",
        page.body
    );
    sea_orm::ConnectionTrait::execute_unprepared(&db, "SET ROLE threadline_reader")
        .await
        .unwrap();
    let got = send(&db, alice.save("mine")).await;
    assert_eq!(got.status, 422, "{}", got.body);
    assert!(
        got.body.contains("GRANT threadline_writer TO"),
        "{}",
        got.body
    );
    // The page itself needs no more than reading, and offers no more.
    let page = send(&db, alice.get("/audit/timeline?op=delete")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("kept"), "{}", page.body);
    assert!(
        !forms.iter().any(|form| page.body.contains(form)),
        "{}",
        page.body
    );
}

#[actix_web::test]
async fn hostile_names_are_text_and_a_scoped_operator_has_views_too() {
    let db = TestDb::new("views_hostile").await.connect(2).await;
    written(&db).await;
    let name = "<script>alert(1)</script>\"'{{7*7}}\u{202e}";
    let scoped = || {
        let scope = async |_: &HttpRequest| Ok::<_, Infallible>(Access::Scope(7));
        OperatorSurface::new(db.clone(), scope)
            .scope_query(|id: &i32| ChangeScope::column_is("organisation_id", id))
    };
    let alice = Browser::open("alice", &db).await;
    let got = get_from(scoped(), "/audit", alice.save(name)).await;
    assert_eq!(got.status, 303, "{}", got.body);
    let page = get_from(scoped(), "/audit", alice.get("/audit/timeline")).await;
    assert!(
        page.body.contains("&lt;script&gt;alert(1)"),
        "{}",
        page.body
    );
    for markup in ["<script>alert", "\u{202e}", ">49<"] {
        assert!(!page.body.contains(markup), "{markup}: {}", page.body);
    }
    // A view gives nobody more than its address does.
    let link = page.link("alert(1)").unwrap();
    let json = link.replace("/timeline", "/timeline.json");
    let json = get_from(scoped(), "/audit", alice.get(&json)).await.json();
    assert_eq!(json["count"]["value"], 0);
}

#[actix_web::test]
async fn an_operator_without_an_id_has_neither_views_nor_a_cookie() {
    let db = TestDb::new("views_nobody").await.connect(2).await;
    let surface = OperatorSurface::unprotected_for_development(db.clone());
    let request = TestRequest::default().uri("/audit/timeline");
    let page = get_from(surface, "/audit", request).await;
    assert_eq!(page.status, 200);
    assert!(!page.headers.contains_key("set-cookie"));
    assert!(!page.body.contains("Save this view"));
}
