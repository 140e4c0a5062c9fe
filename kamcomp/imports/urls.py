"""The addresses of imports: the list, a file on its way in, a batch."""

from django.urls import path

from kamcomp.imports import views

app_name = "imports"
urlpatterns = [
    path("imports", views.ImportList.as_view(), name="batch-list"),
    path("imports/new", views.UploadTake.as_view(), name="upload-take"),
    path("imports/uploads/<uuid:upload_id>", views.UploadShow.as_view(), name="upload-show"),
    path("imports/uploads/<uuid:upload_id>/columns", views.UploadColumns.as_view(), name="upload-columns"),
    path("imports/uploads/<uuid:upload_id>/progress", views.UploadProgress.as_view(), name="upload-progress"),
    path("imports/uploads/<uuid:upload_id>/rejected", views.UploadRejected.as_view(), name="upload-rejected"),
    path("imports/uploads/<uuid:upload_id>/<slug:step>", views.UploadAct.as_view(), name="upload-act"),
    path("imports/<uuid:batch_id>", views.BatchShow.as_view(), name="batch-show"),
    path("imports/<uuid:batch_id>/<slug:step>", views.BatchAct.as_view(), name="batch-act"),
]
