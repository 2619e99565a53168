//! Events that hold several requests: messages of a queue (SQS), items of a workflow's map (Step Functions).

use crate::{
    dialect::mlflow::KEYS,
    handler::Handler,
    http::{Envelope, Request, Response},
    json::{self, Json, Text},
};

/// A message of a queue.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    id: Text,
    body: Text,
}

/// The messages of an event of SQS.
pub(super) fn messages(event: &Json) -> Option<Vec<Message>> {
    let Some(Json::Array(records)) = event.get("Records") else { return None };
    let text = |record: &Json, key: &str| match record.get(key) {
        Some(Json::Str(text)) => Some(text.clone()),
        _ => None,
    };
    let message = |record: &Json| {
        let source = text(record, "eventSource").or_else(|| text(record, "EventSource"))?;
        let is_queue = source.as_str() == Some("aws:sqs");
        is_queue.then_some(Message { id: text(record, "messageId")?, body: text(record, "body").unwrap_or_default() })
    };
    let messages: Option<Vec<Message>> = records.iter().map(message).collect();
    messages.filter(|messages| !messages.is_empty())
}

/// Answers every message. Those that are not answered are named, so that the queue keeps them alone and deletes the
/// others; the poller reads nothing else, the answers stand beside for whoever calls the function otherwise.
pub(super) fn answer_messages(handler: &Handler, messages: &[Message], id: &str) -> Response {
    let mut rows = 0;
    let mut failures = Vec::new();
    let mut answers = Vec::with_capacity(messages.len());
    for message in messages {
        let answer = handler.anywhere(&Request::post("/", message.body.bytes()), id);
        rows += answer.rows;
        if answer.status >= 400 {
            failures.push(&message.id);
        }
        answers.push(object(vec![
            ("messageId", Json::Str(message.id.clone())),
            ("statusCode", Json::Int(answer.status.into())),
            ("body", parsed(&answer)),
        ]));
    }
    let body = object(vec![("batchItemFailures", named(failures)), ("answers", Json::Array(answers))]);
    Response { rows, envelope: Envelope::Bare, ..Response::bare(200, body.dumps(false)) }
}

/// Every message stays in the queue.
#[cfg(feature = "lambda")]
pub(super) fn refuse_messages(messages: &[Message]) -> Response {
    let body = object(vec![("batchItemFailures", named(messages.iter().map(|message| &message.id).collect()))]);
    Response { envelope: Envelope::Bare, ..Response::bare(200, body.dumps(false)) }
}

fn named(ids: Vec<&Text>) -> Json {
    Json::Array(ids.into_iter().map(|id| object(vec![("itemIdentifier", Json::Str(id.clone()))])).collect())
}

/// The items of a Distributed Map's batch, and the `method` in its `BatchInput`.
pub(super) fn items(event: &Json) -> Option<(Vec<Json>, Option<String>)> {
    let Some(Json::Array(items)) = event.get("Items") else { return None };
    let method = match event.get("BatchInput").and_then(|input| input.get("method")) {
        Some(Json::Str(name)) => name.as_str().map(str::to_owned),
        _ => None,
    };
    Some((items.clone(), method))
}

/// The answers in the order of the items. An item is a request in any dialect, or a row or a record by itself.
pub(super) fn answer_items(handler: &Handler, items: &[Json], method: Option<&str>, id: &str) -> Response {
    let mut rows = 0;
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        let whole = item.get("input").is_some() || KEYS.iter().any(|key| item.get(key).is_some());
        let body = if whole { item.dumps(false) } else { format!("[{}]", item.dumps(false)) };
        let mut request = Request::post("/", body);
        request.query = method.map(|method| format!("method={method}")).unwrap_or_default();
        let answer = handler.anywhere(&request, id);
        rows += answer.rows;
        answers.push(if answer.status < 400 { parsed(&answer) } else { failed(answer.status, parsed(&answer)) });
    }
    Response { rows, envelope: Envelope::Bare, ..Response::bare(200, Json::Array(answers).dumps(false)) }
}

/// Every item with the same refusal.
#[cfg(feature = "lambda")]
pub(super) fn refuse_items(count: usize, status: u16, message: &str) -> Response {
    let refusal = failed(status, object(vec![("error", Json::str(message))]));
    let body = Json::Array(vec![refusal; count]).dumps(false);
    Response { envelope: Envelope::Bare, ..Response::bare(200, body) }
}

fn failed(status: u16, body: Json) -> Json {
    let mut entries = vec![(Text::from("statusCode"), Json::Int(status.into()))];
    if let Json::Object(more) = body {
        entries.extend(more);
    }
    Json::Object(entries)
}

fn parsed(answer: &Response) -> Json {
    json::parse_bytes(answer.body.as_bytes()).unwrap_or_else(|_| Json::str(answer.body.as_str()))
}

fn object(entries: Vec<(&str, Json)>) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}
