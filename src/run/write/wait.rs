//! Waits for a write that the API goes on with after its answer: asks how far it is, in ever longer steps, until its end or
//! until nobody waits any longer.

use std::time::Duration;

use crate::model::answer::{Sign, SignValue};
use crate::model::request::{Path, Wait};
use crate::model::wire::{GetResult, Reader, Statuses};

/// The wait before the first question; each is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// How often is asked at most.
const QUESTIONS: usize = 200;

/// How a wait ended.
pub(super) enum WaitEnd {
    /// It is done.
    Done,
    /// It never will be, for this reason.
    Failed(String),
    /// Nobody knows, for this reason.
    Unseen(String),
}

/// Waits for the end of what says at `at` how far it is.
pub(super) async fn end(wait: &Wait, at: &Path, reader: &dyn Reader) -> WaitEnd {
    let asked = tokio::time::timeout(wait.most, ask(wait, at, reader)).await;
    asked.unwrap_or_else(|_| not_done(&format!("{} seconds", wait.most.as_secs())))
}

async fn ask(wait: &Wait, at: &Path, reader: &dyn Reader) -> WaitEnd {
    // Some APIs answer 202 here, too, while they go on.
    let statuses = Statuses { success: vec![200, 202], gone: Vec::new(), ..Statuses::default() };
    let mut pause = FIRST;
    for _ in 0..QUESTIONS {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        let body = match reader.read(at, &statuses).await {
            Ok(GetResult::Reply(reply)) => reply.body,
            Ok(GetResult::Gone(status)) => {
                return WaitEnd::Unseen(format!("{at} was answered with {status}"));
            }
            Err(error) => return WaitEnd::Unseen(error.message),
        };
        if let Some(sign) = wait.failed.iter().find(|sign| sign.is_in(&body)) {
            return WaitEnd::Failed(format!("the API did not do it: {}; {at} may say why", said(sign)));
        }
        if wait.until.is_in(&body) {
            return WaitEnd::Done;
        }
    }
    not_done(&format!("{QUESTIONS} questions"))
}

/// What says that it failed, in words of the definition: the answer may quote a secret of the write.
fn said(Sign { at, value }: &Sign) -> String {
    match value {
        SignValue::Is(value) => format!("`{at}` is {value}"),
        SignValue::IsNot(value) => format!("`{at}` is not {value}"),
        SignValue::Something => format!("there is something at `{at}`"),
    }
}

fn not_done(after: &str) -> WaitEnd {
    WaitEnd::Unseen(format!("the API was not done with it after {after}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::answer::AnswerPlace;
    use crate::model::wire::{ReadError, Reply};
    use crate::sync::lock;

    /// Answers these in turn, and the last one from then on.
    struct Answers(Mutex<Vec<Value>>);

    #[async_trait]
    impl Reader for Answers {
        async fn read(&self, _path: &Path, _statuses: &Statuses) -> Result<GetResult, ReadError> {
            let mut left = lock(&self.0);
            let body = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
            Ok(GetResult::Reply(Reply { body, ..Reply::default() }))
        }
    }

    async fn waited(seconds: u64, answers: &[Value]) -> (WaitEnd, u64) {
        let sign = |value: Value| Sign { at: "/status".to_owned(), value: SignValue::Is(value) };
        let wait = Wait {
            at: AnswerPlace::Header("location".to_owned()),
            until: sign(json!("done")),
            failed: vec![sign(json!("failed"))],
            most: Duration::from_secs(seconds),
        };
        let began = tokio::time::Instant::now();
        let end = end(&wait, &Path::fixed("jobs/1"), &Answers(Mutex::new(answers.to_vec()))).await;
        (end, began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_write_or_with_its_time() {
        let running = json!({"status": "running"});
        let (end, _) = waited(60, &[running.clone(), json!({"status": "done"})]).await;
        assert!(matches!(end, WaitEnd::Done));
        let (end, _) = waited(60, &[running.clone(), json!({"status": "failed", "why": "s3cret"})]).await;
        let WaitEnd::Failed(why) = end else { panic!("it failed") };
        assert_eq!(why, "the API did not do it: `/status` is \"failed\"; /jobs/1 may say why");
        let (end, seconds) = waited(60, std::slice::from_ref(&running)).await;
        let WaitEnd::Unseen(why) = end else { panic!("it never ends") };
        assert_eq!((why.as_str(), seconds), ("the API was not done with it after 60 seconds", 60));
        let (end, seconds) = waited(100_000, &[running]).await;
        assert!(matches!(end, WaitEnd::Unseen(_)) && seconds < 1_000, "it is not asked for ever");
    }
}
