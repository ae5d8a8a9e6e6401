//! What a store asks of the database that it is in. All of them take the same SQL, whose places for values are `$1`, `$2` and so
//! on, in this order; each brings its own tables.

/// What was found, or why it was not.
pub(in crate::serve) type Found<T> = Result<T, String>;

/// A database that is open. It waits for it, but not for long.
pub(super) trait Database: Send {
    /// From one version of its tables to the next; the first one begins with none.
    fn migrations(&self) -> &'static [&'static str];

    /// The version of its tables; 0 if there are none. Changes nothing.
    fn version(&self) -> Found<i64>;

    /// Notes the version of its tables.
    fn set_version(&self, version: i64) -> Found<()>;

    /// Begins a step during which no other process changes the tables.
    fn begin_alone(&self) -> Found<()>;

    /// Runs statements without values.
    fn run(&self, statements: &str) -> Found<()>;

    /// Runs a statement. Returns how many rows it changed.
    fn change(&self, statement: &str, values: &[Cell]) -> Found<u64>;

    /// What a query finds.
    fn rows(&self, query: &str, values: &[Cell]) -> Found<Vec<Row>>;

    /// Whether it has to be opened again.
    fn is_lost(&self) -> bool;
}

/// A value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Int(i64),
    Text(Option<String>),
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Option<String>> for Cell {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

/// What a query found.
pub(super) struct Row(pub(super) Vec<Cell>);

impl Row {
    pub(super) fn int(&self, at: usize) -> Found<i64> {
        match self.0.get(at) {
            Some(Cell::Int(number)) => Ok(*number),
            _ => Err(format!("column {at} is no number")),
        }
    }

    /// A text that may be missing.
    pub(super) fn maybe(&self, at: usize) -> Found<Option<String>> {
        match self.0.get(at) {
            Some(Cell::Text(text)) => Ok(text.clone()),
            _ => Err(format!("column {at} is no text")),
        }
    }

    pub(super) fn text(&self, at: usize) -> Found<String> {
        self.maybe(at)?.ok_or_else(|| format!("column {at} is empty"))
    }
}

/// Places for the values of so many rows of so many columns, after those that come before: `($2, $3), ($4, $5)`.
pub(super) fn places(rows: usize, columns: usize, before: usize) -> String {
    let row = |row: usize| {
        let first = before + row * columns + 1;
        let places: Vec<_> = (first..first + columns).map(|place| format!("${place}")).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
