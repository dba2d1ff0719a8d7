//! What the pages of the operator surface say of the commands, held against the commands.

use actix_web::{
    App,
    dev::Service as _,
    test::{TestRequest, init_service},
    web,
};
use sea_orm::Database;
use threadline_actix::surface::OperatorSurface;

use crate::{host::Host, trail::trail};

/// Gets pages of the database of a host, by the role that the commands have.
fn get(host: &Host, paths: &[&str]) -> Vec<String> {
    let get = async {
        let db = Database::connect(host.database_url()).await.unwrap();
        let surface = OperatorSurface::unprotected_for_development(db);
        let app = init_service(App::new().service(web::scope("/audit").service(surface))).await;
        let mut bodies = Vec::new();
        for path in paths {
            let request = TestRequest::get().uri(&format!("/audit{path}"));
            let response = app.call(request.to_request()).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            let body = actix_web::body::to_bytes(response.into_body()).await;
            bodies.push(String::from_utf8(body.ok().unwrap().to_vec()).unwrap());
        }
        bodies
    };
    actix_web::rt::System::new().block_on(get)
}

#[test]
fn the_twin_of_a_transaction_is_what_incident_prints_byte_for_byte() {
    let (host, _test) = trail("surface_twin");
    for id in ["1", "2", "3", "4"] {
        let printed = host.run(["incident", id, "--json"]);
        let twin = get(&host, &[&format!("/transactions/{id}.json")]);
        assert_eq!(twin, [printed.stdout.as_str()], "{id}");
    }
}

#[test]
fn the_command_that_a_page_names_is_one_and_runs() {
    let (host, _test) = trail("surface_command");
    let paths = [
        "/timeline",
        "/timeline?table=posts&op=update&actor=user%3Aalice&from=all&to=2100-01-01",
        "/timeline?action=it%27s+%24(here)&correlation=-c1&request=r+1&column=title&from=2h",
        "/timeline?schema=public&table=Odd+%22Name&actor=none",
        "/timeline?schema=public&actor=service_account",
        "/timeline?table=posts&key=1&op=update&actor=none&from=4w",
        "/actors/user/alice?from=4w",
        "/correlations/c1",
        "/requests/r1",
        "/transactions/1",
    ];
    for (path, page) in paths.iter().zip(get(&host, &paths)) {
        let (_, after) = page.split_once("data-copy>").unwrap();
        let (command, _) = after.split_once("</code>").unwrap();
        let command = command
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        let words = shlex::split(&command).unwrap();
        assert_eq!(words[..2], ["cargo", "threadline"], "{path}");
        let arguments: Vec<&str> = words[2..].iter().map(String::as_str).collect();
        let said = host.run(&arguments);
        assert_eq!(said.code, Some(0), "{path}: {command}\n{}", said.stderr);
    }
}
