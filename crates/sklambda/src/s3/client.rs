//! Signed requests for one object.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use ureq::{Agent, Body, http::Response};

use super::{
    Address, Env, credentials,
    endpoint::{self, Endpoint},
    failure::Failure,
    profile::Profile,
    sign::{self, Credentials, EMPTY_SHA256, Signed},
};

/// A clock that is wrong by less is taken by S3.
const SKEW: Duration = Duration::from_secs(60);

/// Asks for one object, from any number of threads.
pub(super) struct Client<'a> {
    address: &'a Address,
    env: &'a Env<'a>,
    endpoint: Endpoint,
    agent: Agent,
    access: Mutex<Access>,
}

/// What a request is signed with, as far as it is known by now.
#[derive(Clone, PartialEq, Eq)]
struct Access {
    credentials: Credentials,
    region: String,
    /// Whether S3 has named the region.
    named: bool,
    /// How far the server's clock is before and behind this machine's.
    ahead: Duration,
    behind: Duration,
}

impl<'a> Client<'a> {
    pub(super) fn new(address: &'a Address, env: &'a Env<'a>, stalled: Duration) -> Result<Self, String> {
        let profile = Profile::load(env)?;
        let region = env("AWS_REGION").or_else(|| env("AWS_DEFAULT_REGION"));
        let region =
            region.or_else(|| profile.get("region").map(str::to_owned)).unwrap_or_else(|| "us-east-1".to_owned());
        let access = Access {
            credentials: credentials::find(env, &profile, &region)?,
            region,
            named: false,
            ahead: Duration::ZERO,
            behind: Duration::ZERO,
        };
        Ok(Client {
            address,
            env,
            endpoint: Endpoint::find(env, &profile)?,
            agent: endpoint::agent(env, stalled)?,
            access: Mutex::new(access),
        })
    }

    pub(super) fn region(&self) -> String {
        self.access().region
    }

    fn access(&self) -> Access {
        self.access.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An answer with the object (200), or with the bytes `first` to `last` of it (206) as long as it has the tag.
    pub(super) fn get(&self, range: Option<(u64, u64)>, tag: Option<&str>) -> Result<Response<Body>, Failure> {
        loop {
            let access = self.access();
            let answer = self.send(&access, range, tag)?;
            match answer.status().as_u16() {
                200 | 206 => return Ok(answer),
                _ => self.adjust(&access, Failure::refused(answer, self.address, &access.region))?,
            }
        }
    }

    /// Follows what a refusal teaches, each thing once; any other refusal is given back.
    fn adjust(&self, used: &Access, failure: Failure) -> Result<(), Failure> {
        let mut access = self.access.lock().unwrap_or_else(PoisonError::into_inner);
        if *access != *used {
            // Another thread has learned it meanwhile.
            return Ok(());
        }
        match failure {
            Failure::Region(region) if !access.named => {
                (access.region, access.named) = (region, true);
                Ok(())
            }
            Failure::Clock(text, time) => {
                let now = SystemTime::now();
                let ahead = time.duration_since(now).unwrap_or_default();
                let behind = now.duration_since(time).unwrap_or_default();
                if access.ahead.max(access.behind) > Duration::ZERO || ahead.max(behind) < SKEW {
                    return Err(Failure::Final(text));
                }
                (access.ahead, access.behind) = (ahead, behind);
                Ok(())
            }
            Failure::Expired(text) => {
                let found = Profile::load(self.env).and_then(|p| credentials::find(self.env, &p, &access.region));
                match found {
                    Ok(fresh) if fresh != access.credentials => {
                        access.credentials = fresh;
                        Ok(())
                    }
                    Ok(_) => Err(Failure::Final(text)),
                    Err(e) => Err(Failure::Final(format!("{text}: {e}"))),
                }
            }
            failure => Err(failure),
        }
    }

    fn send(&self, access: &Access, range: Option<(u64, u64)>, tag: Option<&str>) -> Result<Response<Body>, Failure> {
        let (base, authority, path) = self.endpoint.locate(self.address, &access.region);
        let query =
            self.address.version.as_ref().map(|v| format!("versionId={}", sign::encode(v, false))).unwrap_or_default();
        let timestamp = sign::timestamp(SystemTime::now() + access.ahead - access.behind);
        let mut headers = vec![
            ("host", authority.as_str()),
            ("x-amz-checksum-mode", "ENABLED"),
            ("x-amz-content-sha256", EMPTY_SHA256),
            ("x-amz-date", &timestamp),
        ];
        if let Some(token) = &access.credentials.session_token {
            headers.push(("x-amz-security-token", token));
        }
        let signed = Signed {
            method: "GET",
            path: &path,
            query: &query,
            headers: &headers,
            region: &access.region,
            service: "s3",
            timestamp: &timestamp,
        };
        let authorization = sign::authorization(&signed, &access.credentials);
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = self.agent.get(format!("{base}{path}{mark}{query}")).header("authorization", authorization);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some((first, last)) = range {
            request = request.header("range", format!("bytes={first}-{last}"));
        }
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        request.call().map_err(|e| Failure::unanswered(e, &format!("{base}{path}")))
    }
}
