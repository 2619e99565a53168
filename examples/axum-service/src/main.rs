//! A scikit-learn model inside a web service of one's own.
//!
//!     cargo run --manifest-path examples/axum-service/Cargo.toml -- testdata/examples/iris_logistic.joblib
//!     curl http://127.0.0.1:3000/flowers -H 'Content-Type: application/json' -d '{"flowers": [[5.1, 3.5, 1.4, 0.2]]}'

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use skestimators::{ErrorKind, Model, Samples};

/// What this service is asked: its own words, not the model's.
#[derive(Deserialize)]
struct Question {
    flowers: Vec<[f64; 4]>,
}

#[derive(Serialize)]
struct Answer {
    species: Vec<String>,
}

const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];

/// A model is cheap to clone and asked through `&self`, so it is the state itself: no lock, no pool.
fn service(model: Model) -> Router {
    Router::new().route("/flowers", post(flowers)).with_state(model)
}

async fn flowers(
    State(model): State<Model>,
    Json(question): Json<Question>,
) -> Result<Json<Answer>, (StatusCode, String)> {
    let x = Samples::from(Array2::from(question.flowers));
    // A small model answers in microseconds. A large one belongs into `tokio::task::spawn_blocking`.
    let labels = model.predict(&x).map_err(|e| match e.kind() {
        ErrorKind::Input => (StatusCode::BAD_REQUEST, e.to_string()),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
    })?;
    let labels = labels.to_f64().ok_or((StatusCode::INTERNAL_SERVER_ERROR, "the labels are no numbers".to_owned()))?;
    let name = |label: &f64| SPECIES.get(*label as usize).copied().unwrap_or("unknown").to_owned();
    Ok(Json(Answer { species: labels.iter().map(name).collect() }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a model file")?;
    let model = Model::from_path(path)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, service(model)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(body: &str) -> (StatusCode, String) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/examples/iris_logistic.joblib");
        let request = Request::post("/flowers").header("content-type", "application/json");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = service(Model::from_path(path).unwrap()).oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn flowers_are_named() {
        let (status, body) = ask(r#"{"flowers": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}"#).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"species":["setosa","virginica"]}"#));
    }

    #[tokio::test]
    async fn what_cannot_be_answered_is_told() {
        let (status, body) = ask(r#"{"flowers": [[1e999, 0, 0, 0]]}"#).await;
        assert!(status.is_client_error(), "{status} {body}");
        assert_eq!(ask(r#"{"flowers": [[5.1, 3.5]]}"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, body) = ask(r#"{"flowers": []}"#).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(body.contains("0 sample(s)"), "{body}");
    }
}
