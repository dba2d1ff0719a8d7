//! How many statements a page of a key takes.

use super::*;

#[tokio::test]
async fn a_rare_key_takes_one_statement_and_a_busy_one_two() {
    let (test, _db) = seeded().await;
    let listener = Listener::new(&test).await;
    let busy = || timeline().actor(import());
    for (name, query, statements) in [
        ("request", timeline().request_id("r-20001"), 1),
        ("rare correlation", timeline().correlation_id("c-1234"), 1),
        ("unknown correlation", timeline().correlation_id("none"), 1),
        ("rare action", timeline().action("post.rare"), 1),
        ("rare actor", timeline().actor(user("rare")), 1),
        (
            "rare actor in a table",
            timeline().actor(user("77")).entity(post::Entity),
            1,
        ),
        ("busy correlation", timeline().correlation_id("nightly"), 2),
        ("busy action", timeline().action("post.common"), 2),
        ("busy actor", busy(), 2),
        ("busy actor before a day", busy().to(day(3, 1)), 3),
    ] {
        assert_eq!(listener.page(query).await.0.len(), statements, "{name}");
    }
    assert_eq!(listener.deep(busy()).await.0.len(), 2, "further down");
    assert_eq!(listener.newer(busy()).await.0.len(), 2, "on the way forth");
}
