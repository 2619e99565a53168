//! A scikit-learn model as a function of SQL: `SELECT predict(a, b, c, d) FROM 't.parquet'`.
//!
//!     cargo run --release --manifest-path examples/datafusion-udf/Cargo.toml -- \
//!         testdata/examples/iris_logistic.joblib flowers.parquet --make 5000000
//!
//! counts the labels of the rows of a Parquet file, `--make` writing the file first with that many random rows. With
//! `--features ballista` and `--ballista` the same query goes through a Ballista scheduler and executor: the function is part
//! of the session, which both are started from.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
    time::Instant,
};

use datafusion::{
    arrow::{
        array::{ArrayRef, Float64Array, ListArray, StringArray},
        datatypes::{DataType, Float64Type},
    },
    common::{DataFusionError, Result, cast::as_float64_array, exec_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
    prelude::{ParquetReadOptions, SessionContext},
};
use ndarray::Array2;
use skestimators::{Array, Method, Model, Samples};

/// `predict` or `predict_proba` of a model, of as many numbers as it has features. NULL is a missing number, NaN.
#[derive(Debug)]
struct Predict {
    model: Model,
    method: Method,
    signature: Signature,
    answer: DataType,
}

impl Predict {
    fn new(model: &Model, method: Method) -> Result<Predict> {
        let Some(width) = model.n_features_in() else {
            return exec_err!("the model does not say how wide its rows are");
        };
        if model.is_multi_output() {
            return exec_err!("the model has several outputs, a function of SQL one");
        }
        let answer = match (method, model.classes()) {
            (Method::PredictProba, _) => DataType::new_list(DataType::Float64, true),
            (_, [Array::Str(_)]) => DataType::Utf8,
            _ => DataType::Float64,
        };
        let signature = Signature::exact(vec![DataType::Float64; width], Volatility::Immutable);
        Ok(Predict { model: model.clone(), method, signature, answer })
    }
}

/// A session holds one model: functions of the same name are the same.
impl PartialEq for Predict {
    fn eq(&self, other: &Predict) -> bool {
        self.method == other.method
    }
}

impl Eq for Predict {}

impl Hash for Predict {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for Predict {
    fn name(&self) -> &str {
        self.method.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.answer.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns: Vec<ArrayRef> =
            args.args.into_iter().map(|column| column.into_array(args.number_rows)).collect::<Result<_>>()?;
        let mut x = Array2::zeros((args.number_rows, columns.len()));
        for (column, mut x) in columns.iter().zip(x.columns_mut()) {
            let column = as_float64_array(column)?;
            x.iter_mut().zip(column).for_each(|(x, value)| *x = value.unwrap_or(f64::NAN));
        }
        let refused = |e: skestimators::Error| DataFusionError::Execution(e.to_string());
        let answer = self.model.call(self.method, &Samples::from(x)).map_err(refused)?;
        let answer = answer.into_array().ok_or_else(|| DataFusionError::Execution("the answer is no array".into()))?;
        let answer: ArrayRef = match (&self.answer, answer) {
            (DataType::Utf8, Array::Str(labels)) => Arc::new(StringArray::from_iter_values(labels.iter())),
            (DataType::List(_), answer) => {
                let rows = answer.to_f64().ok_or_else(|| DataFusionError::Execution("no numbers".into()))?;
                let rows = rows.outer_iter().map(|row| Some(row.iter().copied().map(Some).collect::<Vec<_>>()));
                Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
            }
            (_, answer) => {
                let values = answer.to_f64().ok_or_else(|| DataFusionError::Execution("no numbers".into()))?;
                Arc::new(Float64Array::from_iter_values(values.iter().copied()))
            }
        };
        Ok(ColumnarValue::Array(answer))
    }
}

/// The functions a model gives.
fn functions(model: &Model) -> Result<Vec<ScalarUDF>> {
    let methods = [Method::Predict, Method::PredictProba].into_iter().filter(|&method| model.has(method));
    methods.map(|method| Ok(ScalarUDF::from(Predict::new(model, method)?))).collect()
}

/// A session of this process alone.
fn local(model: &Model) -> Result<SessionContext> {
    let session = SessionContext::new();
    functions(model)?.into_iter().for_each(|function| session.register_udf(function));
    Ok(session)
}

/// A session of a Ballista cluster, here a scheduler and an executor in this process that talk over the network.
#[cfg(feature = "ballista")]
async fn cluster(model: &Model) -> Result<SessionContext> {
    use ballista::prelude::{SessionConfigExt as _, SessionContextExt as _};
    use datafusion::{execution::SessionStateBuilder, prelude::SessionConfig};

    let state =
        SessionStateBuilder::new_with_default_features().with_config(SessionConfig::new_with_ballista()).build();
    let session = SessionContext::new_with_state(state);
    functions(model)?.into_iter().for_each(|function| session.register_udf(function));
    // Scheduler and executor take the functions of this state; the session that comes back plans with some of its own.
    let cluster = SessionContext::standalone_with_state(session.state()).await?;
    functions(model)?.into_iter().for_each(|function| cluster.register_udf(function));
    Ok(cluster)
}

/// Writes a table of as many columns as the model has features, with random numbers between 0 and 8.
async fn make(session: &SessionContext, file: &str, rows: usize, width: usize) -> Result<()> {
    let columns: Vec<String> = (0..width).map(|i| format!("8 * random() AS x{i}")).collect();
    let columns = columns.join(", ");
    let file = file.replace('\'', "''");
    let query = format!("COPY (SELECT {columns} FROM generate_series(1, {rows})) TO '{file}' STORED AS PARQUET");
    session.sql(&query).await?.collect().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let usage = "usage: datafusion-udf MODEL TABLE.parquet [--make ROWS] [--ballista]";
    let (Some(model), Some(file)) = (words.next(), words.next()) else { return Err(usage.into()) };
    let model = Model::from_path(model)?;
    let mut session = local(&model)?;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--make" => {
                let rows = words.next().and_then(|rows| rows.parse().ok()).ok_or(usage)?;
                make(&session, &file, rows, model.n_features_in().unwrap_or(0)).await?;
            }
            #[cfg(feature = "ballista")]
            "--ballista" => session = cluster(&model).await?,
            _ => return Err(usage.into()),
        }
    }
    session.register_parquet("t", file.as_str(), ParquetReadOptions::default()).await?;
    let table = session.table("t").await?;
    let columns: Vec<String> = table.schema().fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
    let query = format!(
        "SELECT predict({}) AS label, count(*) AS rows FROM t GROUP BY label ORDER BY label",
        columns.join(", ")
    );
    println!("{query}");
    let started = Instant::now();
    session.sql(&query).await?.show().await?;
    let seconds = started.elapsed().as_secs_f64();
    let rows = session.table("t").await?.count().await?;
    println!("{rows} rows in {seconds:.2} s, {:.0} rows/s", rows as f64 / seconds);
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::cast::AsArray;

    use super::*;

    fn model() -> Model {
        Model::from_path("../../testdata/examples/iris_logistic.joblib").expect("the example is readable")
    }

    async fn check(session: &SessionContext) {
        let query = "SELECT predict(a, b, c, d) AS label, predict_proba(a, b, c, d) AS p \
                     FROM (VALUES (5.1, 3.5, 1.4, 0.2), (6.7, 3, 5.2, 2.3)) AS t (a, b, c, d) ORDER BY label";
        let batches = session.sql(query).await.expect("planned").collect().await.expect("answered");
        let labels: Vec<f64> =
            batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Float64Type>().values().to_vec()).collect();
        assert_eq!(labels, [0.0, 2.0]);
        let probabilities = batches[0].column(1).as_list::<i32>().value(0);
        let probabilities = probabilities.as_primitive::<Float64Type>();
        assert_eq!(probabilities.len(), 3);
        assert!((probabilities.values().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[tokio::test]
    async fn a_model_answers_in_sql() {
        let session = local(&model()).expect("registered");
        check(&session).await;
        let missing = session.sql("SELECT predict(1, 2, NULL, 4)").await.expect("planned").collect().await;
        assert!(missing.expect_err("NaN is refused").to_string().contains("NaN"));
        let narrow = session.sql("SELECT predict(1, 2)").await.expect_err("too few columns");
        assert!(narrow.to_string().contains("predict"), "{narrow}");
    }

    #[cfg(feature = "ballista")]
    #[tokio::test]
    async fn a_model_answers_on_a_cluster() {
        check(&cluster(&model()).await.expect("started")).await;
    }
}
