"""The pages of the money, and those that cross all apps."""

from django.urls import include, path

from payouts import entrance, views

screens = [
    path("my/accounts", views.MyAccountList.as_view(), name="my-account-list"),
    path("my/accounts/<uuid:account_id>", views.AccountReview.as_view(), name="account-review"),
    path("reviews", views.ReviewSchedule.as_view(), name="review-schedule"),
    path("my/support", views.SupportList.as_view(), name="support-list"),
    path("my/estimate", views.EstimateShow.as_view(), name="estimate-show"),
    path("my/statements", views.StatementArchive.as_view(), name="statement-archive"),
    path("accounts", views.AccountList.as_view(), name="account-list"),
    path("accounts/<uuid:account_id>", views.AccountShow.as_view(), name="account-show"),
    path("accounts/<uuid:account_id>/state", views.AccountStatePut.as_view(), name="account-state-put"),
    path(
        "accounts/<uuid:account_id>/state/undo", views.AccountStateUndo.as_view(), name="account-state-undo"
    ),
    path(
        "accounts/<uuid:account_id>/parts/<uuid:node_id>",
        views.AccountPartPut.as_view(),
        name="account-part-put",
    ),
    path("accounts/<uuid:account_id>/parts/undo", views.AccountPartUndo.as_view(), name="account-part-undo"),
    path("statements", views.StatementList.as_view(), name="statement-list"),
    path("statements/<uuid:person_id>/<str:period>", views.StatementShow.as_view(), name="statement-show"),
    path("payouts/<uuid:payout_id>/proof", views.PayoutProof.as_view(), name="payout-proof"),
    path("payouts/<uuid:payout_id>/lines/<int:number>", views.LineRows.as_view(), name="line-rows"),
    path("payouts/<uuid:payout_id>/adjust", views.AdjustmentPropose.as_view(), name="adjustment-propose"),
    path("adjustments", views.AdjustmentList.as_view(), name="adjustment-list"),
    path("adjustments/<uuid:adjustment_id>", views.AdjustmentShow.as_view(), name="adjustment-show"),
    path(
        "adjustments/<uuid:adjustment_id>/decide", views.AdjustmentDecide.as_view(), name="adjustment-decide"
    ),
    path("calendar", views.CalendarShow.as_view(), name="calendar-show"),
    path("calendar/feed", views.CalendarFeedMake.as_view(), name="calendar-feed-make"),
    path("calendar/feed/<str:token>.ics", views.CalendarFeedShow.as_view(), name="calendar-feed"),
    path("calendar/<uuid:period_id>/<slug:kind>", views.PeriodDateMove.as_view(), name="period-date-move"),
    path("policy", views.PolicyShow.as_view(), name="policy-show"),
    path("policy/<str:setting>", views.PolicyPut.as_view(), name="policy-put"),
    path("people", views.PersonList.as_view(), name="person-list"),
    path("people/<uuid:person_id>", views.PersonShow.as_view(), name="person-show"),
    path("people/<uuid:person_id>/package", views.PackagePropose.as_view(), name="package-propose"),
    path(
        "people/<uuid:person_id>/employments/begin",
        views.PersonEmploymentBegin.as_view(),
        name="person-employment-begin",
    ),
    path(
        "people/<uuid:person_id>/employments/undo",
        views.PersonEmploymentUndo.as_view(),
        name="person-employment-undo",
    ),
    path(
        "people/employments/<uuid:employment_id>/change",
        views.PersonEmploymentChange.as_view(),
        name="person-employment-change",
    ),
    path(
        "people/employments/<uuid:employment_id>/end",
        views.PersonEmploymentEnd.as_view(),
        name="person-employment-end",
    ),
    path("people/<uuid:person_id>/place", views.PersonPlacePut.as_view(), name="person-place-put"),
    path("people/<uuid:person_id>/place/undo", views.PersonPlaceUndo.as_view(), name="person-place-undo"),
    path("people/<uuid:person_id>/personal", views.PersonalPut.as_view(), name="personal-put"),
    path("people/packages/<uuid:package_id>/approve", views.PackageApprove.as_view(), name="package-approve"),
    path(
        "people/packages/<uuid:package_id>/withdraw", views.PackageWithdraw.as_view(), name="package-withdraw"
    ),
    path("disputes", views.DisputeList.as_view(), name="dispute-list"),
    path("disputes/<uuid:dispute_id>", views.DisputeShow.as_view(), name="dispute-show"),
    path("disputes/<uuid:dispute_id>/<slug:act>", views.DisputeAct.as_view(), name="dispute-act"),
    path(
        "payouts/<uuid:payout_id>/lines/<int:number>/dispute",
        views.LineDispute.as_view(),
        name="line-dispute",
    ),
    path("shares/<uuid:allocation_id>/dispute", views.ShareDispute.as_view(), name="share-dispute"),
    path(
        "adjustments/<uuid:adjustment_id>/dispute",
        views.AdjustmentDispute.as_view(),
        name="adjustment-dispute",
    ),
    path("exceptions", views.ExceptionList.as_view(), name="exception-list"),
    path("exceptions/request", views.ExceptionAsk.as_view(), name="exception-request"),
    path("exceptions/<uuid:exception_id>", views.ExceptionShow.as_view(), name="exception-show"),
    path("exceptions/<uuid:exception_id>/decide", views.ExceptionDecide.as_view(), name="exception-decide"),
    path("plans/drafts/<uuid:draft_id>/replay", views.DraftReplay.as_view(), name="draft-replay"),
    path("plans/drafts/<uuid:draft_id>/past", views.DraftPast.as_view(), name="draft-past"),
    path("plans/versions/<uuid:version_id>/replay", views.ReplayShow.as_view(), name="replay-show"),
    path("plans/versions/<uuid:version_id>/people", views.AssignmentsMake.as_view(), name="assignments-make"),
    path(
        "plans/versions/<uuid:version_id>/against/<uuid:before_id>",
        views.ReplayCompare.as_view(),
        name="replay-compare",
    ),
    path("programme/alignment", views.AlignmentReportShow.as_view(), name="alignment-report"),
    path("plans/versions/<uuid:version_id>/representatives", views.RepProof.as_view(), name="rep-proof"),
    path(
        "plans/versions/<uuid:version_id>/simulate", views.VersionSimulate.as_view(), name="version-simulate"
    ),
    path("plans/drafts/<uuid:draft_id>/simulate", views.DraftSimulate.as_view(), name="draft-simulate"),
    path("plans/scenarios", views.ScenarioCompare.as_view(), name="scenario-compare"),
    path("runs", views.RunList.as_view(), name="run-list"),
    path("runs/start", views.RunStart.as_view(), name="run-start"),
    path("runs/<uuid:run_id>", views.RunShow.as_view(), name="run-show"),
    path("runs/<uuid:run_id>/progress", views.RunProgressShow.as_view(), name="run-progress"),
    path("closing/<uuid:run_id>", views.RunClose.as_view(), name="run-close"),
    path("closing", views.RunCloseNext.as_view(), name="run-close-next"),
    path("runs/<uuid:run_id>/<slug:act>", views.RunAct.as_view(), name="run-act"),
    path("payouts", views.PayoutRegister.as_view(), name="payout-register"),
    path("runs/<uuid:run_id>/<uuid:person_id>/hold", views.PayoutHold.as_view(), name="payout-hold"),
    path("runs/<uuid:run_id>/<uuid:person_id>/release", views.PayoutRelease.as_view(), name="payout-release"),
    path("exports", views.ExportList.as_view(), name="export-list"),
    path("exports/jobs", views.ExportJobs.as_view(), name="export-jobs"),
    path("exports/make", views.ExportMake.as_view(), name="export-make"),
    path("exports/<uuid:export_id>/download", views.ExportDownload.as_view(), name="export-download"),
    path("audit", views.AuditList.as_view(), name="audit-list"),
    path("audit/<int:event_id>", views.AuditShow.as_view(), name="audit-show"),
    path("reproduce", views.Reproduce.as_view(), name="reproduce"),
    path("controls", views.ControlList.as_view(), name="control-list"),
    path("controls/access", views.AccessList.as_view(), name="access-list"),
    path("programme", views.ExecutiveShow.as_view(), name="executive-show"),
    path("accruals", views.AccrualList.as_view(), name="accrual-list"),
    path("reconciliation", views.Reconciliation.as_view(), name="reconciliation"),
    path(
        "reconciliation/<uuid:batch_id>/undo", views.PayrollReturnUndo.as_view(), name="payroll-return-undo"
    ),
    path("pools", views.PoolList.as_view(), name="pool-list"),
    path("pools/<uuid:pool_id>", views.AllocationSave.as_view(), name="allocation-save"),
    path("pools/<uuid:pool_id>/submit", views.AllocationSubmit.as_view(), name="allocation-submit"),
    path("pools/<uuid:pool_id>/decide", views.PoolDecide.as_view(), name="pool-decide"),
]
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("search", views.Search.as_view(), name="search"),
    path("demo", entrance.Demo.as_view(), name="demo"),
    path("demo/start-over", entrance.DemoReset.as_view(), name="demo-reset"),
    path("demo/try-this", entrance.try_this_hide, name="demo-try-this"),
    path("", include((screens, "payouts"))),
]
