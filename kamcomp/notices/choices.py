"""What somebody is told about, and how far its mail is."""

from django.db.models import TextChoices


class NoticeKind(TextChoices):
    """What waits for somebody, or has been answered."""

    ACCEPTANCE_REFUSED = "acceptance_refused", "A plan you sent has been refused"
    ACCEPTANCE_SIGN = "acceptance_sign", "A plan waits for your signature"
    ACCOUNT_REVIEW = "account_review", "Results of your accounts wait for your review"
    ADJUSTMENT_DECIDE = "adjustment_decide", "An adjustment waits for your decision"
    DISPUTE_ANSWER = "dispute_answer", "A question or dispute waits for your answer"
    DISPUTE_ANSWERED = "dispute_answered", "Your question or dispute has been answered"
    DISPUTE_MESSAGE = "dispute_message", "Somebody wrote in a question or dispute of yours"
    EXCEPTION_DECIDE = "exception_decide", "An exception waits for you"
    EXCEPTION_DECIDED = "exception_decided", "An exception you asked for has been decided"
    PLAN_APPROVE = "plan_approve", "A plan waits for your approval"
    PLAN_RETURNED = "plan_returned", "A plan came back to you"
    POOL_ALLOCATE = "pool_allocate", "A team pool waits to be allocated"
    POOL_DECIDE = "pool_decide", "A team pool waits for your decision"
    POOL_RETURNED = "pool_returned", "A team pool came back to you"
    RUN_APPROVE = "run_approve", "A run waits for your approval"
    RUN_LOCK = "run_lock", "A run waits to be locked"
    RUN_REVIEW = "run_review", "A run waits for your review"
    STATEMENT_FINAL = "statement_final", "Your statement is final"


class MailStatus(TextChoices):
    """How far a notice's mail is; `begun` stays where nobody knows whether the mail server took it."""

    WAITING = "waiting", "Waiting"
    BEGUN = "begun", "Begun"
    SENT = "sent", "Sent"
    OFF = "off", "Not wanted"
    LATE = "late", "Too late"
    FAILED = "failed", "Failed"
