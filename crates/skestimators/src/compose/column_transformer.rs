//! `sklearn.compose._column_transformer.ColumnTransformer`: transformers for some of the columns, their answers side by side.

use std::collections::BTreeSet;

use skpickle::{ErrorKind, Kind, Obj, Scalar};

use crate::{
    compose::columns::{hstack, not_two_dimensional, select, select_one, weighted},
    data::{Samples, Table},
    error::{Error, Result},
    estimator::{Estimator, Fitted},
    method::{Method, Methods},
    state::State,
    validation::{self, Door},
};

/// One transformer and its columns; dropped columns have none.
struct Part {
    name: String,
    /// `None` passes the columns on.
    transformer: Option<Fitted>,
    /// Places in the input of fit.
    places: Vec<usize>,
    /// Names in the input of fit, where they are known.
    names: Option<Vec<String>>,
    /// The columns were given by name: arrays have none.
    by_name: bool,
    /// Places were counted from the end or without one: they are for the width of fit.
    fixed_width: bool,
    /// One column was named alone, and is passed one-dimensional.
    single: bool,
    weight: Option<f64>,
}

/// What is asked of the columns of the input.
enum Rules {
    /// At least as many as in fit; names in the order of fit where some column has been left over (until 0.23).
    Wider { order: Option<Vec<String>> },
    /// As many, with the same names (0.24).
    Same { names: Option<Vec<String>> },
    /// Tables are taken by name in any order, arrays by width (since 1.0). Missing columns are looked for beforehand: all
    /// since 1.4, before only those that are passed through.
    ByName { all: bool },
}

/// How names of the output are made.
enum Naming {
    None,
    Plain,
    /// `get_feature_names` until 0.24: transformers number their own columns, and only their names are prefixed.
    Numbered,
    /// A format with the transformer's and the column's name.
    Format(String),
}

struct ColumnTransformer {
    parts: Vec<Part>,
    n_features: Option<usize>,
    names: Option<Vec<String>>,
    rules: Rules,
    sparse: bool,
    naming: Naming,
    /// Samples have no names: another step gives them in the order of the fit.
    follows: bool,
}

pub(crate) fn load(s: &State<'_, '_>) -> Result<Box<dyn Estimator>> {
    let n_features: Option<usize> = match s.opt("n_features_in_")? {
        Some(n) => Some(n),
        None => s.opt("_n_features")?,
    };
    let names = feature_names(s)?;
    let modern = s.version() >= (1, 0);
    let rules = if modern {
        Rules::ByName { all: s.version() >= (1, 4) }
    } else if s.version() >= (0, 24) {
        Rules::Same { names: names.clone() }
    } else {
        Rules::Wider { order: if has_rest(s)? { names.clone() } else { None } }
    };
    let loader = Loader { s, n_features, names: names.as_deref(), modern };
    let mut parts = Vec::new();
    for entry in s.objects("transformers_")? {
        parts.extend(loader.part(&entry)?);
    }
    let sparse = s.opt("sparse_output_")?.unwrap_or(false);
    Ok(Box::new(ColumnTransformer { parts, n_features, names, rules, sparse, naming: naming(s)?, follows: false }))
}

/// The names of fit under the names that the attribute has had.
fn feature_names(s: &State<'_, '_>) -> Result<Option<Vec<String>>> {
    for name in ["feature_names_in_", "_feature_names_in", "_df_columns"] {
        if let Some(field) = s.raw_opt(name) {
            return texts(&field);
        }
    }
    Ok(None)
}

fn texts(obj: &Obj<'_>) -> Result<Option<Vec<String>>> {
    let text = |scalar| match scalar {
        Scalar::Str(text) => Some(text),
        _ => None,
    };
    Ok(obj.values()?.into_iter().map(text).collect())
}

/// Whether some column is in none of the transformers' lists.
fn has_rest(s: &State<'_, '_>) -> Result<bool> {
    let Some(rest) = s.raw_opt("_remainder") else { return Ok(false) };
    Ok(rest.items()?.get(2).is_some_and(|columns| !columns.is_none()))
}

fn naming(s: &State<'_, '_>) -> Result<Naming> {
    if s.version() < (1, 0) {
        return Ok(Naming::Numbered);
    }
    let Some(field) = s.raw_opt("verbose_feature_names_out") else { return Ok(Naming::None) };
    Ok(match field.kind() {
        // A format is taken since 1.6; before, any text counted as true.
        Kind::Str if s.version() < (1, 6) && !field.str()?.is_empty() => {
            Naming::Format("{transformer_name}__{feature_name}".into())
        }
        Kind::Str => Naming::Format(field.get()?),
        Kind::Bool if field.get()? => Naming::Format("{transformer_name}__{feature_name}".into()),
        Kind::Bool => Naming::Plain,
        // A function of the user: transforming does not need it.
        _ => Naming::None,
    })
}

/// Places and names that a specification of columns stands for.
#[derive(Default)]
struct Spec {
    places: Vec<usize>,
    names: Option<Vec<String>>,
    by_name: bool,
    fixed_width: bool,
    single: bool,
}

struct Loader<'s, 'a, 'g> {
    s: &'s State<'a, 'g>,
    n_features: Option<usize>,
    names: Option<&'s [String]>,
    modern: bool,
}

impl<'g> Loader<'_, '_, 'g> {
    fn part(&self, entry: &Obj<'g>) -> Result<Option<Part>> {
        let items = entry.items()?;
        let [name, transformer, columns] = items.as_slice() else {
            return Err(entry.expected("a triple of name, transformer and columns").into());
        };
        let name: String = name.get()?;
        let word = if transformer.kind() == Kind::Str { Some(transformer.str()?) } else { None };
        match word.as_deref() {
            Some("drop") => return Ok(None),
            Some("passthrough") | None => {}
            Some(_) => return Err(transformer.expected("a transformer, 'passthrough' or 'drop'").into()),
        }
        let mut spec = self.spec(columns)?;
        if self.modern {
            let listed = self.listed(&name, columns)?;
            if spec.names.is_none() && !spec.places.is_empty() && spec.places != listed {
                return Err(columns
                    .error(ErrorKind::Value, "the columns differ from those in _transformer_to_input_indices")
                    .into());
            }
            spec.places = listed;
            spec.names = match self.names {
                Some(names) => spec.places.iter().map(|&place| names.get(place).cloned()).collect(),
                None => None,
            };
        }
        let nothing = spec.places.is_empty() && spec.names.as_ref().is_none_or(Vec::is_empty);
        if nothing {
            return Ok(None);
        }
        let transformer = if word.is_some() { None } else { Some(self.s.load(transformer)?) };
        if let Some(fitted) = transformer.as_ref().filter(|fitted| !fitted.has(Method::Transform)) {
            return Err(entry.error(ErrorKind::Value, format_args!("'{}' has no transform", fitted.class)).into());
        }
        let weight = match self.s.raw_opt("transformer_weights") {
            Some(weights) => weights.entry(&name).ok().filter(|w| !w.is_none()).map(|w| w.get()).transpose()?,
            None => None,
        };
        let Spec { places, names, by_name, fixed_width, single } = spec;
        Ok(Some(Part { name, transformer, places, names, by_name, fixed_width, single, weight }))
    }

    /// `_transformer_to_input_indices[name]`.
    fn listed(&self, name: &str, columns: &Obj<'g>) -> Result<Vec<usize>> {
        let indices = self.s.raw("_transformer_to_input_indices")?.entry(name)?;
        let places = indices.values()?;
        places.iter().map(|place| self.place(place.as_i64(), columns).map(|(place, _)| place)).collect()
    }

    /// A place by its number, which may count from the end; whether it does.
    fn place(&self, number: Option<i64>, columns: &Obj<'g>) -> Result<(usize, bool)> {
        let number = number.ok_or_else(|| columns.expected("numbers of columns"))?;
        let width = self.n_features.unwrap_or(0) as i64;
        let place = if number < 0 { number + width } else { number };
        if !(0..width).contains(&place) {
            return Err(columns.error(ErrorKind::Value, format_args!("column {number} of {width} columns")).into());
        }
        Ok((place as usize, number < 0))
    }

    fn named(&self, names: Vec<String>, single: bool) -> Spec {
        // Without the names of fit, tables are still taken by name.
        let known = self.names.unwrap_or(&[]);
        let places: Option<Vec<usize>> =
            names.iter().map(|name| known.iter().position(|other| other == name)).collect();
        Spec { places: places.unwrap_or_default(), names: Some(names), by_name: true, fixed_width: false, single }
    }

    fn spec(&self, columns: &Obj<'g>) -> Result<Spec> {
        match columns.kind() {
            Kind::Str => return Ok(self.named(vec![columns.get()?], true)),
            Kind::Int => {
                let (place, fixed_width) = self.place(columns.get::<i64>().ok(), columns)?;
                return Ok(Spec { places: vec![place], fixed_width, single: true, ..Spec::default() });
            }
            _ => {}
        }
        if let Some(class) = columns.class() {
            if matches!(class.module, "builtins" | "__builtin__") && class.name == "slice" {
                return self.slice(columns);
            }
            // The remainder's list in 1.5 and 1.6.
            if class.name == "_RemainderColsList" && class.module == "sklearn.compose._column_transformer" {
                return self.list(&columns.field("data")?);
            }
        }
        self.list(columns)
    }

    fn list(&self, columns: &Obj<'g>) -> Result<Spec> {
        let values = columns.values()?;
        if !values.is_empty() && values.iter().all(|value| matches!(value, Scalar::Str(_))) {
            return Ok(self.named(texts(columns)?.unwrap_or_default(), false));
        }
        if !values.is_empty() && values.iter().all(|value| matches!(value, Scalar::Bool(_))) {
            let width = self.n_features.unwrap_or(values.len());
            if values.len() != width {
                return Err(columns
                    .error(ErrorKind::Value, format_args!("a mask of {} for {width} columns", values.len()))
                    .into());
            }
            let on = |(i, value): (usize, &Scalar)| (*value == Scalar::Bool(true)).then_some(i);
            let places = values.iter().enumerate().filter_map(on).collect();
            return Ok(Spec { places, fixed_width: true, ..Spec::default() });
        }
        let mut spec = Spec::default();
        for value in &values {
            let (place, from_end) = self.place(value.as_i64(), columns)?;
            spec.places.push(place);
            spec.fixed_width |= from_end;
        }
        Ok(spec)
    }

    fn slice(&self, columns: &Obj<'g>) -> Result<Spec> {
        let args = columns.args()?;
        let [start, stop, step] = args.as_slice() else { return Err(columns.expected("a slice").into()) };
        let width = self.n_features.unwrap_or(0);
        if start.kind() == Kind::Str || stop.kind() == Kind::Str {
            let names = self.names.unwrap_or(&[]);
            let find = |bound: &Obj<'g>, default: usize| -> Result<usize> {
                if bound.is_none() {
                    return Ok(default);
                }
                let name: String = bound.get()?;
                let found = names.iter().position(|other| *other == name);
                Ok(found.ok_or_else(|| bound.error(ErrorKind::Value, "no such column was there in fit"))?)
            };
            // Both ends of a slice by name are part of it.
            let (from, to) = (find(start, 0)?, find(stop, names.len().saturating_sub(1))?);
            let chosen = if from <= to { names.get(from..=to).unwrap_or(&[]).to_vec() } else { Vec::new() };
            return Ok(self.named(chosen, false));
        }
        let (start, stop, step): (Option<i64>, Option<i64>, Option<i64>) = (start.get()?, stop.get()?, step.get()?);
        let fixed_width = stop.is_none_or(|stop| stop < 0) || start.is_some_and(|start| start < 0);
        Ok(Spec { places: python_slice(start, stop, step.unwrap_or(1), width), fixed_width, ..Spec::default() })
    }
}

/// `range(width)[start:stop:step]`.
fn python_slice(start: Option<i64>, stop: Option<i64>, step: i64, width: usize) -> Vec<usize> {
    let n = width as i64;
    let clamp =
        |bound: i64, low: i64, high: i64| (if bound < 0 { bound.saturating_add(n) } else { bound }).clamp(low, high);
    let mut places = Vec::new();
    if step > 0 {
        let (mut at, end) = (start.map_or(0, |b| clamp(b, 0, n)), stop.map_or(n, |b| clamp(b, 0, n)));
        while at < end {
            places.push(at as usize);
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let (mut at, end) = (start.map_or(n - 1, |b| clamp(b, -1, n - 1)), stop.map_or(-1, |b| clamp(b, -1, n - 1)));
        while at > end {
            places.push(at as usize);
            at = at.saturating_add(step);
        }
    }
    places
}

impl ColumnTransformer {
    /// Refuses an input whose columns are not those of fit; whether columns are taken by name.
    fn check(&self, x: &Samples) -> Result<bool> {
        let Some(found) = x.columns() else { return Err(not_two_dimensional(x)) };
        let table = match x {
            Samples::Table(table) => Some(table),
            _ => None,
        };
        let expected = self.n_features.unwrap_or(found);
        let other_width = || {
            Err(Error::input(format_args!(
                "X has {found} features, but ColumnTransformer is expecting {expected} features as input."
            )))
        };
        match &self.rules {
            Rules::Wider { order } => {
                if expected > found {
                    return Err(Error::input(format_args!(
                        "Number of features of the input must be equal to or greater than that of the fitted transformer. \
                         Transformer n_features is {expected} and input n_features is {found}."
                    )));
                }
                if let (Some(order), Some(table)) = (order, table)
                    && !table.names().take(order.len()).eq(order.iter().map(String::as_str))
                {
                    return Err(Error::input(
                        "Column ordering must be equal for fit and for transform when using the remainder keyword",
                    ));
                }
                if expected != found && self.parts.iter().any(|part| part.fixed_width) {
                    return Err(Error::input(
                        "At least one negative column was used to indicate columns, and the new data's number of columns does \
                         not match the data given during fit. Please make sure the data during fit and transform have the same \
                         number of columns.",
                    ));
                }
                Ok(false)
            }
            Rules::Same { names } => {
                if expected != found {
                    return other_width();
                }
                if let (Some(names), Some(table)) = (names, table)
                    && !table.names().eq(names.iter().map(String::as_str))
                {
                    return Err(Error::input(
                        "Given feature/column names do not match the ones for the data given during fit.",
                    ));
                }
                Ok(false)
            }
            Rules::ByName { all } => match (table, &self.names) {
                (Some(table), Some(_)) => {
                    let known: BTreeSet<&str> = table.names().collect();
                    let asked = self.parts.iter().filter(|part| *all || part.transformer.is_none());
                    let wanted = asked.filter_map(|part| part.names.as_ref()).flatten();
                    let missing: BTreeSet<&str> =
                        wanted.map(String::as_str).filter(|name| !known.contains(name)).collect();
                    if missing.is_empty() {
                        return Ok(true);
                    }
                    let list: Vec<String> =
                        missing.iter().map(|name| format!("'{}'", skpickle::printable(name))).collect();
                    Err(Error::input(format_args!("columns are missing: {{{}}}", list.join(", "))))
                }
                _ if expected != found => other_width(),
                _ => Ok(false),
            },
        }
    }

    fn chosen(&self, part: &Part, x: &Samples, by_name: bool) -> Result<Samples> {
        let places = match (x, &part.names) {
            (Samples::Table(table), Some(names)) if by_name || part.by_name => places_of(table, names, part.single)?,
            // Since 1.0 the file tells the places of names.
            _ if part.by_name && !(self.follows && matches!(self.rules, Rules::ByName { .. })) => {
                return Err(Error::input("Specifying the columns using strings is only supported for dataframes."));
            }
            _ => part.places.clone(),
        };
        if let Samples::Rows(rows) = x
            && part.transformer.as_ref().is_some_and(|fitted| fitted.estimator.takes_numbers())
            && !part.single
        {
            return validation::numbers_at(rows, &places, false).map(Samples::Dense);
        }
        match places.as_slice() {
            &[place] if part.single => select_one(x, place),
            places => select(x, places),
        }
    }
}

impl Part {
    /// Names of the output without those of the input, which only columns that pass through have: those of the fit, if it had any.
    fn numbered_names(&self, fitted: Option<&[String]>) -> Result<Vec<String>> {
        let numbered = |places: &mut dyn Iterator<Item = usize>| places.map(|i| format!("x{i}")).collect::<Vec<_>>();
        match (&self.transformer, &self.names) {
            (None, Some(names)) => Ok(names.clone()),
            (None, None) => {
                let named = fitted.and_then(|names| self.places.iter().map(|&i| names.get(i).cloned()).collect());
                Ok(named.unwrap_or_else(|| numbered(&mut self.places.iter().copied())))
            }
            (Some(transformer), _) => {
                let own = numbered(&mut (0..self.places.len()));
                let names = transformer.feature_names_out(Some(&own))?;
                Ok(names.into_iter().map(|name| format!("{}__{name}", self.name)).collect())
            }
        }
    }
}

fn places_of(table: &Table, names: &[String], single: bool) -> Result<Vec<usize>> {
    let places: Vec<Option<usize>> = names.iter().map(|name| table.names().position(|other| other == name)).collect();
    let missing: Vec<String> = names
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| format!("'{}'", skpickle::printable(name)))
        .collect();
    if missing.is_empty() {
        return Ok(places.into_iter().flatten().collect());
    }
    // pandas' words.
    let list = missing.join(", ");
    Err(Error::input(if single {
        format!("{list}: the table has no such column")
    } else if missing.len() == names.len() {
        format!("\"None of [Index([{list}], dtype='object')] are in the [columns]\": the table has none of the columns")
    } else {
        format!("\"[{list}] not in index\": the table does not have these columns")
    }))
}

impl Estimator for ColumnTransformer {
    fn methods(&self) -> Methods {
        let has = |part: &Part| part.transformer.as_ref().is_none_or(|t| t.has(Method::FeatureNamesOut));
        let named = !matches!(self.naming, Naming::None) && self.parts.iter().all(has);
        Methods::of(&[Method::Transform]).with_if(named, Method::FeatureNamesOut)
    }

    fn door(&self, _: Method) -> Door {
        Door::OPEN
    }

    fn n_features_in(&self) -> Option<usize> {
        self.n_features
    }

    fn feature_names_in(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    fn follow(&mut self) {
        self.follows = true;
        self.parts.iter_mut().filter_map(|part| part.transformer.as_mut()).for_each(|fitted| fitted.follow());
    }

    fn missing_method(&self, method: Method) -> Option<String> {
        if method != Method::FeatureNamesOut || matches!(self.naming, Naming::None) {
            return None;
        }
        let lacking = self.parts.iter().find_map(|part| {
            let transformer = part.transformer.as_ref().filter(|t| !t.has(method))?;
            Some((part.name.as_str(), transformer.class.as_str()))
        })?;
        Some(format!("Transformer {} (type {}) does not provide get_feature_names_out.", lacking.0, lacking.1))
    }

    fn transform(&self, x: &Samples) -> Result<Samples> {
        let rows = match x {
            Samples::Array(array) if array.shape().len() == 2 => Some(validation::array_to_rows(array)),
            Samples::Rows(rows) => {
                validation::check_lengths(rows)?;
                None
            }
            _ => None,
        };
        let x = rows.as_ref().unwrap_or(x);
        let by_name = self.check(x)?;
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let chosen = self.chosen(part, x, by_name)?;
            let out = match &part.transformer {
                Some(transformer) => transformer.transform(&chosen)?,
                None => chosen,
            };
            parts.push(match part.weight {
                Some(weight) => weighted(out, weight)?,
                None => out,
            });
        }
        hstack(parts, x.rows(), self.sparse)
    }

    fn feature_names_out(&self, input: &[String]) -> Result<Vec<String>> {
        let mut out: Vec<String> = Vec::new();
        for part in &self.parts {
            if matches!(self.naming, Naming::Numbered) {
                out.extend(part.numbered_names(self.names.as_deref())?);
                continue;
            }
            let names: Option<Vec<String>> = part.places.iter().map(|&place| input.get(place).cloned()).collect();
            let names = names.ok_or_else(|| {
                Error::input("input_features should have length equal to number of features (n_features_in_)")
            })?;
            let names = match &part.transformer {
                Some(transformer) => transformer.feature_names_out(Some(&names))?,
                None => names,
            };
            match &self.naming {
                Naming::Format(format) => out.extend(
                    names
                        .iter()
                        .map(|name| format.replace("{transformer_name}", &part.name).replace("{feature_name}", name)),
                ),
                _ => out.extend(names),
            }
        }
        if matches!(self.naming, Naming::Numbered) {
            return Ok(out);
        }
        let unique: BTreeSet<&String> = out.iter().collect();
        if unique.len() < out.len() {
            return Err(Error::input(
                "Output feature names are not unique. Please set verbose_feature_names_out=True to add prefixes to feature names",
            ));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, ColumnData};

    #[test]
    fn missing_columns_are_refused_in_the_words_of_pandas() -> Result<()> {
        let column = Column { name: "a".into(), data: ColumnData::Bool(vec![true]) };
        let table = Table::new(vec![column])?;
        let places = |names: &[&str], single| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            places_of(&table, &names, single).map_err(|e| e.message().to_owned())
        };
        assert_eq!(places(&["a"], false), Ok(vec![0]));
        let refused = |names: &[&str], single, words: &str| {
            let message = places(names, single).unwrap_err();
            assert!(message.starts_with(words), "{message}");
        };
        refused(&["a", "b", "c"], false, "\"['b', 'c'] not in index\"");
        refused(&["b"], false, "\"None of [Index(['b'], dtype='object')] are in the [columns]\"");
        refused(&["b"], true, "'b'");
        Ok(())
    }

    #[test]
    fn slices_are_those_of_python() {
        assert_eq!(python_slice(None, None, 1, 3), [0, 1, 2]);
        assert_eq!(python_slice(Some(-2), None, 1, 4), [2, 3]);
        assert_eq!(python_slice(Some(1), Some(99), 2, 4), [1, 3]);
        assert_eq!(python_slice(None, None, -1, 3), [2, 1, 0]);
        assert_eq!(python_slice(Some(2), Some(0), -1, 3), [2, 1]);
        assert!(python_slice(Some(i64::MAX), None, 1, 3).is_empty());
        assert!(python_slice(None, None, i64::MIN, 0).is_empty());
    }
}
