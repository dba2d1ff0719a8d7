use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use actix_web::web;
use blog::{entity::post, story};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use threadline::{Op, timeline};

use crate::support::Blog;

/// A program that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Starts the blog as the README does, and waits until it listens.
fn start(url: &str) -> Running {
    let mut blog = Command::new(env!("CARGO_BIN_EXE_blog"))
        .args(["--story", "--port", "0"])
        .env("DATABASE_URL", url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(blog.stdout.take().unwrap());
    let running = Running(blog);
    let listens = |line: &String| line.starts_with("Listening on ");
    assert!(
        output
            .lines()
            .map(Result::unwrap)
            .any(|line| listens(&line))
    );
    running
}

#[actix_web::test]
async fn the_story_has_something_of_everything_that_operators_look_for() {
    let blog = Blog::new("story").await;
    let url = launcher::test_server().unwrap().url("blog_story");
    drop(web::block(move || start(&url)).await.unwrap());

    for op in [Op::Insert, Op::Update, Op::Delete] {
        let page = timeline().op(op).fetch(&blog.db).await.unwrap();
        assert!(page.entries.len() > 2, "{op:?}");
    }
    let nobody = timeline().no_actor().fetch(&blog.db).await.unwrap();
    assert_eq!(nobody.entries.len(), 1);
    assert_eq!(post::Entity::find().count(&blog.db).await.unwrap(), 4);

    let served = blog.serve();
    let twice = story::tell(served.address, &blog.db).await.unwrap_err();
    assert!(twice.to_string().contains("a new blog only"), "{twice}");
    served.stop().await;
}
