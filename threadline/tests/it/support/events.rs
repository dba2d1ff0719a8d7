//! The events of `tracing`, held against the registry.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use threadline::telemetry::{EVENTS, TARGET};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::{DefaultGuard, set_default},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry,
};

/// What the crates under test emit on this thread.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Recorded>>>);

#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) name: &'static str,
    pub(crate) fields: BTreeMap<&'static str, String>,
    target: String,
    level: tracing::Level,
}

impl Recorder {
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        let recorder = Self::default();
        let guard = set_default(registry().with(recorder.clone()));
        (recorder, guard)
    }

    /// The events, each of which is one of the registry and holds none of the secrets.
    #[track_caller]
    pub(crate) fn checked(&self, secrets: &[&str]) -> Vec<Recorded> {
        let recorded = self.0.lock().unwrap().clone();
        for event in &recorded {
            let Some(registered) = EVENTS.iter().find(|known| known.name == event.name) else {
                panic!("not in the registry: {event:?}")
            };
            assert_eq!(event.target, TARGET, "{event:?}");
            assert_eq!(event.level, registered.level, "{event:?}");
            assert_eq!(event.fields["message"], registered.message);
            for (field, value) in &event.fields {
                assert!(
                    *field == "message" || registered.fields.contains(field),
                    "{event:?}"
                );
                for secret in secrets {
                    assert!(!value.contains(secret), "{event:?} holds {secret}");
                }
            }
        }
        recorded
    }
}

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // The names of our modules too, which are the targets of events outside of the registry.
        if !metadata.target().starts_with(TARGET) {
            return;
        }
        let mut recorded = Recorded {
            name: metadata.name(),
            fields: BTreeMap::new(),
            target: metadata.target().to_owned(),
            level: *metadata.level(),
        };
        event.record(&mut recorded);
        self.0.lock().unwrap().push(recorded);
    }
}

impl Visit for Recorded {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}
