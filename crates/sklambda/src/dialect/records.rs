//! A bare list of records or rows, as vetiver's endpoints take it: `[{"age": 31, "city": "Bern"}]`.

use super::{ask, input, method_of, model, refusal::Refusal, strict, written};
use crate::{
    handler::Service,
    http::{Request, Response},
    json::{Json, Noted},
};

pub(super) fn answer(service: &Service, request: &Request, body: Noted) -> Response {
    predict(service, request, body).unwrap_or_else(|refusal| {
        let example = service.example().map(|example| example.records());
        super::refused(refusal.status, &refusal.with_example(example.as_deref()))
    })
}

/// The answer is under the method's name, `predict` unless the query says `?method=`.
fn predict(service: &Service, request: &Request, body: Noted) -> Result<Response, Refusal> {
    let body = strict(body)?;
    let items = if let Json::Array(items) = &body { items.as_slice() } else { &[] };
    let model = model(service)?;
    let method = method_of(model, request, None)?;
    let x = input::from_list(model, items, "the body")?;
    let answer = written::lists(ask(service, model, method, &x)?)?;
    Ok(Response::json(200, &Json::Object(vec![(method.name().into(), answer)])).of_rows(x.rows()))
}
