//! Which pages are asked for.

/// Pages of one kind.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) paths: Vec<String>,
}

/// What operators open most: the newest changes, those of a table and of an actor.
pub(super) fn questions() -> Vec<Question> {
    vec![
        Question {
            name: "timeline",
            paths: vec!["/timeline".to_owned()],
        },
        Question {
            name: "timeline_table",
            paths: (1..=10)
                .map(|n| format!("/timeline?table=table_{n:02}"))
                .collect(),
        },
        Question {
            name: "timeline_actor",
            paths: (21..=30)
                .map(|n| format!("/timeline?actor=user:{n}"))
                .collect(),
        },
    ]
}
