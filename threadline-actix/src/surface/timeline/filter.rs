//! What a timeline is filtered by: [`Filter`], read from a query string and written as one. Pure.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use threadline::{Op, Timeline, codegen::TableName};

use super::choice::{ActorChoice, Since};
use crate::surface::{
    command::Command,
    failure::Failure,
    links::name_part,
    moment::{Ago, Moment},
    parameters::Parameters,
};

/// What a timeline shows where nobody said how far back.
pub(crate) const DEFAULT_WINDOW: Ago = Ago::days(7);

/// The names of the parameters, in the order in which they are written.
pub(crate) const PARAMETERS: [&str; 12] = [
    "schema",
    "table",
    "key",
    "op",
    "actor",
    "action",
    "correlation",
    "request",
    "column",
    "from",
    "to",
    "now",
];

/// What a timeline is filtered by. Its JSON form has the parameters of the query string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Filter {
    pub(crate) schema: Option<String>,
    pub(crate) table: Option<String>,
    /// The key of one record of the table: the value of its column, or a JSON object.
    pub(crate) key: Option<String>,
    #[serde(serialize_with = "op_name")]
    pub(crate) op: Option<Op>,
    pub(crate) actor: Option<ActorChoice>,
    pub(crate) action: Option<String>,
    pub(crate) correlation: Option<String>,
    pub(crate) request: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) from: Since,
    pub(crate) to: Option<Moment>,
}

impl Filter {
    /// Takes the filter from the parameters.
    ///
    /// # Errors
    /// Names the parameter that can't be used.
    pub(crate) fn read(parameters: &mut Parameters) -> Result<Self, Failure> {
        let (schema, table) = match (parameters.text("schema"), parameters.text("table")) {
            (None, Some(text)) => table_of(&text)?,
            given => given,
        };
        let filter = Self {
            schema,
            table,
            key: parameters.text("key"),
            op: parameters
                .text("op")
                .map(|text| op(&text).ok_or_else(|| Failure::parameter("op", UNKNOWN_OP)))
                .transpose()?,
            actor: parameters.read("actor")?,
            action: parameters.text("action"),
            correlation: parameters.text("correlation"),
            request: parameters.text("request"),
            column: parameters.text("column"),
            from: parameters.read("from")?.unwrap_or_default(),
            to: Moment::read_if_not_now(parameters, "to")?,
        };
        if filter.key.is_some() && filter.table.is_none() {
            return Err(Failure::parameter(
                "key",
                "a key is one of a table; add the parameter table",
            ));
        }
        Ok(filter)
    }

    /// The parameters that are not at their defaults.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: &Option<String>| value.clone();
        [
            ("schema", text(&self.schema)),
            ("table", self.written_table()),
            ("key", text(&self.key)),
            ("op", self.op.map(|op| op.as_str().to_owned())),
            ("actor", self.actor.as_ref().map(ToString::to_string)),
            ("action", text(&self.action)),
            ("correlation", text(&self.correlation)),
            ("request", text(&self.request)),
            ("column", text(&self.column)),
            (
                "from",
                (self.from != Since::Default).then(|| self.from.to_string()),
            ),
            ("to", self.to.map(|to| to.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// The query string.
    pub(crate) fn query(&self) -> String {
        encode(&self.pairs())
    }

    /// The same without one parameter.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut filter = self.clone();
        match name {
            "schema" => filter.schema = None,
            "table" => (filter.table, filter.key) = (None, None),
            "key" => filter.key = None,
            "op" => filter.op = None,
            "actor" => filter.actor = None,
            "action" => filter.action = None,
            "correlation" => filter.correlation = None,
            "request" => filter.request = None,
            "column" => filter.column = None,
            "from" => filter.from = Since::Default,
            "to" => filter.to = None,
            _ => {}
        }
        filter
    }

    /// Whether it narrows anything but the time.
    pub(crate) fn narrows(&self) -> bool {
        self.pairs()
            .iter()
            .any(|(name, _)| !matches!(*name, "from" | "to"))
    }

    /// The bounds of time.
    pub(crate) fn bounds(
        &self,
        now: DateTime<Utc>,
    ) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let from = match self.from {
            Since::Default => Some(Moment::Ago(DEFAULT_WINDOW)),
            Since::Then(moment) => Some(moment),
            Since::Ever => None,
        };
        let at = |moment: Moment| moment.at(now);
        (from.map(at), self.to.map(at))
    }

    /// Narrows a query; the record of a key is the caller's to add.
    pub(crate) fn narrow(&self, mut query: Timeline, now: DateTime<Utc>) -> Timeline {
        // A record names its table and schema itself.
        if self.key.is_none() {
            if let Some(schema) = &self.schema {
                query = query.schema(schema);
            }
            if let Some(table) = &self.table {
                query = query.table(table);
            }
        }
        if let Some(op) = self.op {
            query = query.op(op);
        }
        query = match &self.actor {
            Some(ActorChoice::Is(actor)) => query.actor(actor.clone()),
            Some(ActorChoice::Kind(kind)) => query.actor_kind(*kind),
            Some(ActorChoice::Nobody) => query.no_actor(),
            None => query,
        };
        if let Some(action) = &self.action {
            query = query.action(action);
        }
        if let Some(id) = &self.correlation {
            query = query.correlation_id(id);
        }
        if let Some(id) = &self.request {
            query = query.request_id(id);
        }
        if let Some(column) = &self.column {
            query = query.changed_column(column);
        }
        let (from, to) = self.bounds(now);
        if let Some(from) = from {
            query = query.from(from);
        }
        if let Some(to) = to {
            query = query.to(to);
        }
        query
    }

    /// The command that lists the same.
    pub(crate) fn command(&self) -> Command {
        self.options(Command::new("timeline"))
    }

    /// The filter as the options of a command.
    pub(crate) fn options(&self, command: Command) -> Command {
        let command = match (&self.schema, self.table_name()) {
            (Some(schema), None) => command.option("--schema", schema),
            (_, table) => command.option_if("--table", table),
        };
        let from = match self.from {
            Since::Default => Some(DEFAULT_WINDOW.to_string()),
            Since::Then(moment) => Some(moment.to_string()),
            Since::Ever => None,
        };
        command
            .option_if("--key", self.key.as_ref())
            .option_if("--actor", self.actor.as_ref())
            .option_if("--op", self.op.map(Op::as_str))
            .option_if("--action", self.action.as_ref())
            .option_if("--correlation", self.correlation.as_ref())
            .option_if("--request", self.request.as_ref())
            .option_if("--changed-column", self.column.as_ref())
            .option_if("--from", from)
            .option_if("--to", self.to)
    }
}

impl Filter {
    /// The table as the commands read it.
    pub(crate) fn table_name(&self) -> Option<String> {
        let table = name_part(self.table.as_ref()?);
        Some(match &self.schema {
            Some(schema) => format!("{}.{table}", name_part(schema)),
            None => table,
        })
    }

    /// The table as a parameter: spelled as it is where the schema stands apart from it.
    fn written_table(&self) -> Option<String> {
        match self.schema {
            Some(_) => self.table.clone(),
            None => self.table_name(),
        }
    }
}

/// The schema and the table of a text: `blog.posts`, or `posts` of any schema. A name with a dot is quoted.
fn table_of(text: &str) -> Result<(Option<String>, Option<String>), Failure> {
    // What can follow a schema has none.
    if let Ok(name) = format!("schema.{text}").parse::<TableName>() {
        return Ok((None, Some(name.table().to_owned())));
    }
    let name: Result<TableName, _> = text.parse();
    let name = name.map_err(|err| Failure::parameter("table", err))?;
    Ok((
        Some(name.schema().to_owned()),
        Some(name.table().to_owned()),
    ))
}

/// Writes a query string.
pub(crate) fn encode(pairs: &[(&'static str, String)]) -> String {
    serde_urlencoded::to_string(pairs).expect("pairs of texts can be written")
}

const UNKNOWN_OP: &str = "it is insert, update, delete or truncate";

fn op(text: &str) -> Option<Op> {
    [Op::Insert, Op::Update, Op::Delete, Op::Truncate]
        .into_iter()
        .find(|op| op.as_str() == text)
}

fn op_name<S: Serializer>(op: &Option<Op>, serializer: S) -> Result<S::Ok, S::Error> {
    op.map(Op::as_str).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Filter, Failure> {
        let mut parameters = Parameters::parse(query)?;
        let filter = Filter::read(&mut parameters)?;
        parameters.finish(&PARAMETERS)?;
        Ok(filter)
    }

    #[test]
    fn a_filter_survives_its_query_string() {
        for query in [
            "",
            "table=posts",
            "table=%22a.b%22",
            "schema=a&table=b.c",
            "schema=blog&table=posts&op=delete&actor=user%3A42&action=post.purged&correlation=c+1&request=r%261&column=title&from=30d&to=2026-11-23T09%3A00%3A00Z",
            "actor=none&from=all",
            "actor=anonymous",
            "actor=service_account",
            "actor=user%3Aa%3Ab",
        ] {
            assert_eq!(read(query).unwrap().query(), query);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, name) in [
            ("op=drop", "op"),
            ("actor=robot%3A1", "actor"),
            ("key=7", "key"),
            ("table=a.b.c", "table"),
            ("actor=user%3A", "actor"),
            ("from=yesterday", "from"),
            ("to=all", "to"),
            ("tabel=posts", "tabel"),
        ] {
            match read(query) {
                Err(Failure::Invalid { parameter, .. }) => assert_eq!(parameter, name),
                other => panic!("{query}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_schema_may_stand_before_the_table_and_now_is_as_good_as_no_end() {
        for (query, expected) in [
            ("table=public.posts", "schema=public&table=posts"),
            ("table=blog.%22a.b%22", "schema=blog&table=a.b"),
            ("table=%22posts%22&to=now", "table=posts"),
            ("table=Order+Lines", "table=Order+Lines"),
        ] {
            assert_eq!(read(query).unwrap().query(), expected, "{query}");
        }
    }

    #[test]
    fn each_parameter_can_be_taken_away() {
        let filter = read(
            "schema=a&table=b&key=7&op=delete&actor=none&action=c&correlation=d&request=e&column=f&from=2h&to=1h",
        )
        .unwrap();
        let pairs = filter.pairs();
        assert_eq!(pairs.len(), PARAMETERS.len() - 1);
        for (name, _) in &pairs {
            let left: Vec<_> = filter.without(name).pairs();
            // A key means nothing without its table.
            let with_it = |other: &str| *name == "table" && other == "key";
            let expected: Vec<_> = pairs
                .iter()
                .filter(|(other, _)| other != name && !with_it(other))
                .cloned()
                .collect();
            assert_eq!(left, expected);
        }
    }

    #[test]
    fn the_command_asks_the_same() {
        for (query, expected) in [
            ("", "timeline --from 7d"),
            ("from=all&table=posts", "timeline --table posts"),
            (
                "table=posts&key=7&op=update&actor=job&from=4w",
                "timeline --table posts --key 7 --actor job --op update --from 4w",
            ),
            (
                "schema=blog&table=Order+Lines&actor=none&from=all",
                "timeline --table 'blog.Order Lines' --actor none",
            ),
            ("schema=blog&from=all", "timeline --schema blog"),
            ("table=%22a.b%22&from=all", "timeline --table '\"a.b\"'"),
            (
                "actor=user%3A42&op=delete&column=title&from=2h",
                "timeline --actor user:42 --op delete --changed-column title --from 2h",
            ),
        ] {
            let command = read(query).unwrap().command().to_string();
            assert_eq!(command, format!("cargo threadline {expected}"));
        }
    }
}
