use threadline::Timeline;

/// What a scoped operator's reads are narrowed by.
#[derive(Clone, Debug)]
pub(crate) enum Scope {}

impl Scope {
    pub(super) fn narrow(&self, _: Timeline) -> Timeline {
        match *self {}
    }
}
