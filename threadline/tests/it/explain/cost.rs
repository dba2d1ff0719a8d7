//! How long PostgreSQL believes a page takes.

use super::*;

/// A hundredth of `jit_above_cost`: the trails in use are larger than this one.
const MOST: f64 = 1_000.0;

#[tokio::test]
async fn no_page_seems_so_long_that_it_would_be_compiled() {
    let (test, db) = seeded().await;
    let listener = Listener::new(&test).await;
    let mut dear = Vec::new();
    for (name, query) in [
        ("everything", timeline()),
        ("nobody", timeline().no_actor()),
        ("op", timeline().op(Op::Update)),
        ("column", timeline().changed_column("title")),
        ("table", timeline().entity(post::Entity)),
        ("busy actor", timeline().actor(import())),
        ("busy correlation", timeline().correlation_id("nightly")),
        ("busy action", timeline().action("post.common")),
        ("rare actor", timeline().actor(user("rare"))),
    ] {
        for statement in listener.page(query).await.0 {
            let cost = self::plan::plan(&db, &statement, "auto").await.cost;
            if cost > MOST {
                dear.push(format!("{name}: {cost}"));
            }
        }
    }
    assert!(dear.is_empty(), "\n{}", dear.join("\n"));
}
