use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use threadline::{ActorRef, Error, InvalidPageToken, PageToken, Timeline, actor_history, timeline};

use super::seed::{post, seeded, shop_post};
use crate::support::TestDb;

async fn token(query: Timeline, test: &TestDb) -> PageToken {
    let page = query.page_size(1).fetch(&test.db).await.unwrap();
    page.next.unwrap()
}

#[tokio::test]
async fn a_token_belongs_to_the_filters_that_gave_it() {
    let (test, lines) = seeded().await;
    let alice = || ActorRef::user("alice").unwrap();
    let at = lines[3].at;
    let queries = [
        timeline(),
        timeline().table("posts"),
        timeline().table("comments"),
        timeline().schema("public"),
        timeline().entity(post::Entity),
        timeline().entity(shop_post::Entity),
        timeline().actor(alice()),
        timeline().actor(ActorRef::admin("alice").unwrap()),
        timeline().no_actor(),
        timeline().request_id("r-1"),
        timeline().correlation_id("c-1"),
        timeline().action("post.created"),
        timeline().changed_column("n"),
        timeline().changed_column("title"),
        timeline().to(at),
    ];
    for (i, giver) in queries.iter().enumerate() {
        let token = token(giver.clone(), &test).await;
        for (j, taker) in queries.iter().enumerate() {
            let result = taker
                .clone()
                .page_size(7)
                .after(token.clone())
                .fetch(&test.db)
                .await;
            let refused = matches!(
                result,
                Err(Error::InvalidPageToken(InvalidPageToken::OtherQuery))
            );
            assert_eq!(refused, i != j, "{giver:?} to {taker:?}");
        }
    }
}

#[tokio::test]
async fn a_token_of_an_actor_history_is_none_of_a_timeline() {
    let (test, _) = seeded().await;
    let alice = || ActorRef::user("alice").unwrap();
    let page = actor_history(alice())
        .page_size(1)
        .fetch(&test.db)
        .await
        .unwrap();
    let foreign = timeline().actor(alice()).after(page.next.unwrap());
    let result = foreign.fetch(&test.db).await;
    assert!(
        matches!(
            result,
            Err(Error::InvalidPageToken(InvalidPageToken::OtherQuery))
        ),
        "{result:?}"
    );
    let token = token(timeline().actor(alice()), &test).await;
    let result = actor_history(alice()).after(token).fetch(&test.db).await;
    assert!(
        matches!(
            result,
            Err(Error::InvalidPageToken(InvalidPageToken::OtherQuery))
        ),
        "{result:?}"
    );
}

#[tokio::test]
async fn an_edited_or_foreign_text_is_no_token() {
    let (test, _) = seeded().await;
    let token = token(timeline(), &test).await;
    let text = token.to_string();
    assert_eq!(text.parse::<PageToken>().as_ref(), Ok(&token));
    let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    for i in 1..bytes.len() {
        bytes[i] ^= 1;
        let edited = URL_SAFE_NO_PAD.encode(&bytes);
        assert_eq!(edited.parse::<PageToken>(), Err(InvalidPageToken::Damaged));
        bytes[i] ^= 1;
    }
    bytes[0] = 9;
    let other = URL_SAFE_NO_PAD.encode(&bytes);
    assert_eq!(
        other.parse::<PageToken>(),
        Err(InvalidPageToken::Version(9))
    );
    for damaged in [
        "",
        "x",
        "page 2",
        &text[1..],
        &text[..text.len() - 1],
        &format!("{text}A"),
    ] {
        assert!(damaged.parse::<PageToken>().is_err(), "{damaged}");
    }
    let json = serde_json::to_string(&token).unwrap();
    assert_eq!(serde_json::from_str::<PageToken>(&json).unwrap(), token);
    assert!(serde_json::from_str::<PageToken>("\"AQ\"").is_err());
}
