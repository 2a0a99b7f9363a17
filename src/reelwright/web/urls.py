"""Every address of the pages. None holds a path: jobs go by their id, files by the number of their row."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from reelwright.web import (
    crew,
    events,
    film,
    frames,
    jobs,
    library,
    live,
    login,
    metrics,
    overview,
    quarantine,
    review,
    setup,
    shots,
    trail,
)
from reelwright.web.api.addresses import api


class HexConverter(StringConverter):
    """The id of a job, or the label of a replacement."""

    regex = "[0-9a-f]{4,128}"


register_converter(HexConverter, "hex")

urlpatterns = [
    path("workers", crew.show, name="workers"),
    path("settings", setup.show, name="settings"),
    path("settings/doctor", setup.doctor, name="doctor"),
    path("settings/doctor/anew", setup.doctor_anew, name="doctor-anew"),
    path("sequences", shots.show_all, name="sequences"),
    path("sequences/<hex:sheet_id>", shots.show, name="sequence"),
    path("sequences/<hex:sheet_id>/<slug:what>", shots.deed, name="sequence-deed"),
    path("sequences/<hex:sheet_id>/contact/<int:row>/<int:place>", shots.thumbnail, name="thumbnail"),
    path("audit", trail.show, name="audit"),
    path("metrics", metrics.show, name="metrics"),
    path("api/events", events.stream, name="events"),
    path("api/", api.urls),
    path("", overview.show, name="overview"),
    path("jobs", jobs.show, name="jobs"),
    path("jobs/<hex:job_id>", film.show, name="film"),
    path("jobs/<hex:job_id>/pictures", film.gallery, name="gallery"),
    path("jobs/<hex:job_id>/pictures/<int:number>/<str:side>", film.picture, name="picture"),
    path("jobs/<hex:job_id>/chunks", frames.show, name="chunks"),
    path("jobs/<hex:job_id>/chunks/<int:chunk>/<str:side>", frames.picture, name="chunk-picture"),
    path("jobs/<hex:job_id>/cancel", film.cancel, name="cancel"),
    path("jobs/<hex:job_id>/retry", film.retry, name="retry"),
    path("library", library.show, name="library"),
    path("library/files/<int:number>", library.why, name="why"),
    path("library/files/<int:number>/answer", library.answer, name="answer"),
    path("library/of/<slug:name>", library.files, name="files"),
    path("library/of/<slug:name>/plan", review.show, name="plan"),
    path("library/of/<slug:name>/plan/make", review.make, name="make-plan"),
    path("library/of/<slug:name>/plan/approve", review.approve, name="approve"),
    path("quarantine", quarantine.show, name="quarantine"),
    path("quarantine/<hex:label>/restore", quarantine.restore, name="restore"),
    path("login", login.enter, name="login"),
    path("logout", login.leave, name="logout"),
    path("alive", overview.alive, name="alive"),
    path("live/<str:parts>", live.stream, name="live"),
    path("live/<str:parts>/<hex:subject>", live.stream, name="live-of"),
]
