//! Credentials, looked for where AWS clients look, in their order: environment, web identity, profile, container, instance.

use std::{fs, time::Duration};

use skpickle::printable;
use ureq::http::Uri;

use super::{Env, between, local_agent, profile::Profile, sign::Credentials};
use crate::json::{self, Json};

const CONTAINER_HOST: &str = "http://169.254.170.2";
const INSTANCE_HOST: &str = "http://169.254.169.254";
/// Hosts that container credentials may be fetched from without TLS: this machine, and what ECS and EKS listen on.
const CONTAINER_HOSTS: [&str; 6] =
    ["localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
/// The answers hold a few keys.
const LARGEST_ANSWER: u64 = 64 << 10;

/// Finds credentials.
pub(super) fn find(env: &Env<'_>, profile: &Profile, region: &str) -> Result<Credentials, String> {
    if let Some(found) = from_environment(env)? {
        return Ok(found);
    }
    if let Some(found) = from_web_identity(env, region)? {
        return Ok(found);
    }
    if let Some(found) = from_profile(profile)? {
        return Ok(found);
    }
    if let Some(found) = from_container(env)? {
        return Ok(found);
    }
    let mut looked = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the shared credentials and config files (profile \
                      AWS_PROFILE), AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_*_URI"
        .to_owned();
    // A function has no instance service, and would wait for it in vain.
    let disabled = env("AWS_EC2_METADATA_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    if !disabled && env("AWS_LAMBDA_FUNCTION_NAME").is_none() {
        if let Some(found) = from_instance(env)? {
            return Ok(found);
        }
        looked.push_str(", the EC2 instance metadata service");
    }
    Err(format!("Unable to locate credentials; looked in: {looked}"))
}

fn from_environment(env: &Env<'_>) -> Result<Option<Credentials>, String> {
    match (env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key), Some(secret_key)) => {
            Ok(Some(Credentials { access_key, secret_key, session_token: env("AWS_SESSION_TOKEN") }))
        }
        (Some(_), None) => Err("Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY".into()),
        // As in Amazon's own clients: a secret alone is no sign that keys were meant.
        (None, _) => Ok(None),
    }
}

fn from_profile(profile: &Profile) -> Result<Option<Credentials>, String> {
    match (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
        (Some(id), Some(secret)) => Ok(Some(Credentials {
            access_key: id.to_owned(),
            secret_key: secret.to_owned(),
            session_token: profile.get("aws_session_token").map(str::to_owned),
        })),
        (Some(_), None) => Err(format!(
            "Partial credentials found in the profile {}, missing: aws_secret_access_key",
            printable(&profile.name)
        )),
        (None, _) => {
            let foreign = ["credential_process", "sso_session", "sso_start_url", "role_arn", "credential_source"]
                .into_iter()
                .find(|key| profile.get(key).is_some());
            foreign.map_or(Ok(None), |key| {
                Err(format!(
                    "the profile {0} takes its credentials from {key}, which is not read here; put them into the \
                     environment with: eval \"$(aws configure export-credentials --profile {0} --format env)\"",
                    printable(&profile.name)
                ))
            })
        }
    }
}

/// A pod's or a pipeline's own token, changed for keys by the token service.
fn from_web_identity(env: &Env<'_>, region: &str) -> Result<Option<Credentials>, String> {
    let (Some(file), Some(role)) = (env("AWS_WEB_IDENTITY_TOKEN_FILE"), env("AWS_ROLE_ARN")) else { return Ok(None) };
    let token = read_token(&file, "AWS_WEB_IDENTITY_TOKEN_FILE")?;
    let session = env("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "sklambda".to_owned());
    let endpoint = env("AWS_ENDPOINT_URL_STS")
        .or_else(|| env("AWS_ENDPOINT_URL"))
        .unwrap_or_else(|| format!("https://sts.{region}.{}", super::endpoint::domain(region)));
    let parameter = |text: &str| super::sign::encode(text, false);
    let url = format!(
        "{}/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
        endpoint.trim_end_matches('/'),
        parameter(&role),
        parameter(&session),
        parameter(&token)
    );
    let what = "AssumeRoleWithWebIdentity";
    let agent = super::endpoint::agent(env, Duration::from_secs(10))?;
    let (status, text) = ask(agent.get(&url)).map_err(|e| format!("{what}: {e}"))?;
    if status != 200 {
        let message = between(&text, "<Message>", "</Message>").unwrap_or(&text);
        return Err(format!("{what} answered {status}: {}", printable(message)));
    }
    let tag = |name: &str| between(&text, &format!("<{name}>"), &format!("</{name}>")).map(str::to_owned);
    match (tag("AccessKeyId"), tag("SecretAccessKey"), tag("SessionToken")) {
        (Some(access_key), Some(secret_key), session_token @ Some(_)) => {
            Ok(Some(Credentials { access_key, secret_key, session_token }))
        }
        _ => Err(format!("{what} answered without credentials")),
    }
}

fn from_container(env: &Env<'_>) -> Result<Option<Credentials>, String> {
    let url = if let Some(path) = env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        format!("{CONTAINER_HOST}{path}")
    } else if let Some(url) = env("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        url
    } else {
        return Ok(None);
    };
    let uri = url.parse::<Uri>().map_err(|e| format!("AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL: {e}"))?;
    let host = uri.host().unwrap_or_default();
    if uri.scheme_str() != Some("https") && !CONTAINER_HOSTS.contains(&host) {
        return Err(format!(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI: {} is neither https nor a host that container credentials come from",
            printable(&url)
        ));
    }
    let token = match (env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), env("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
        (Some(file), _) => Some(read_token(&file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")?),
        (None, token) => token,
    };
    let agent = local_agent(Some(Duration::from_secs(3)));
    let mut last = String::new();
    for _ in 0..3 {
        let mut request = agent.get(&url);
        if let Some(token) = &token {
            request = request.header("authorization", token);
        }
        match ask(request) {
            Ok((200, text)) => return keys(&text).map(Some).map_err(|e| format!("container credentials: {e}")),
            Ok((status, text)) => last = format!("answered {status}: {}", printable(&text)),
            Err(e) => last = e,
        }
    }
    Err(format!("container credentials from {}: {last}", printable(&url)))
}

/// The role of an EC2 instance, by version 2 of its metadata service. None where there is no such service.
fn from_instance(env: &Env<'_>) -> Result<Option<Credentials>, String> {
    let host = env("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| INSTANCE_HOST.to_owned());
    let host = host.trim_end_matches('/');
    let agent = local_agent(Some(Duration::from_secs(1)));
    let put = agent.put(format!("{host}/latest/api/token")).header("x-aws-ec2-metadata-token-ttl-seconds", "300");
    let Ok((200, token)) = put.send_empty().map_err(|e| e.to_string()).and_then(read_answer) else { return Ok(None) };
    let get = |path: &str| {
        let path = format!("{host}/latest/meta-data/iam/security-credentials/{path}");
        ask(agent.get(path).header("x-aws-ec2-metadata-token", token.trim()))
    };
    match get("") {
        Ok((200, role)) => {
            let role = role.lines().next().unwrap_or_default().trim().to_owned();
            let (status, text) = get(&role).map_err(|e| format!("instance metadata: {e}"))?;
            if status != 200 {
                return Err(format!("instance metadata for the role {} answered {status}", printable(&role)));
            }
            keys(&text).map(Some).map_err(|e| format!("instance metadata: {e}"))
        }
        // An instance without a role.
        _ => Ok(None),
    }
}

type Asking = ureq::RequestBuilder<ureq::typestate::WithoutBody>;

fn ask(request: Asking) -> Result<(u16, String), String> {
    request.call().map_err(|e| e.to_string()).and_then(read_answer)
}

fn read_answer(mut answer: ureq::http::Response<ureq::Body>) -> Result<(u16, String), String> {
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_string().map_err(|e| e.to_string())?;
    Ok((status, text))
}

/// The keys in the JSON that containers and instances answer with.
fn keys(text: &str) -> Result<Credentials, String> {
    let json = json::parse_bytes(text.as_bytes()).map_err(|e| format!("the answer is no JSON: {e}"))?;
    let key = |name: &str| match json.get(name) {
        Some(Json::Str(text)) => text.as_str().filter(|text| !text.is_empty()).map(str::to_owned),
        _ => None,
    };
    match (key("AccessKeyId"), key("SecretAccessKey")) {
        (Some(access_key), Some(secret_key)) => Ok(Credentials { access_key, secret_key, session_token: key("Token") }),
        _ => Err("the answer lacks AccessKeyId or SecretAccessKey".into()),
    }
}

fn read_token(file: &str, variable: &str) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("{variable}: {}: {e}", printable(file)))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |asked| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_environment_is_first() {
        let all = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_SESSION_TOKEN", "c")];
        let found = from_environment(&with(&all)).unwrap().unwrap();
        assert_eq!(
            (found.access_key.as_str(), found.secret_key.as_str(), found.session_token.as_deref()),
            ("a", "b", Some("c"))
        );
        assert!(from_environment(&with(&all[..2])).unwrap().unwrap().session_token.is_none());
        assert!(from_environment(&with(&[])).unwrap().is_none());
        let error = from_environment(&with(&all[..1])).err().unwrap();
        assert_eq!(error, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY");
    }

    #[test]
    fn container_credentials_stay_on_the_machine() {
        let env = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/keys")];
        assert!(from_container(&with(&env)).err().unwrap().contains("neither https nor"));
    }
}
