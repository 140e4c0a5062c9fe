"""The pages of the money, and those that cross all apps."""

from django.urls import include, path

from payouts import entrance, views

screens = [
    path("pools", views.PoolList.as_view(), name="pool-list"),
    path("pools/<uuid:pool_id>", views.AllocationSave.as_view(), name="allocation-save"),
    path("pools/<uuid:pool_id>/submit", views.AllocationSubmit.as_view(), name="allocation-submit"),
    path("pools/<uuid:pool_id>/decide", views.PoolDecide.as_view(), name="pool-decide"),
]
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("demo", entrance.Demo.as_view(), name="demo"),
    path("", include((screens, "payouts"))),
]
