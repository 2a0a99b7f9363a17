"""All of the API in one."""

from reelwright.web.api import house, jobs, libraries, work
from reelwright.web.api.door import make_api

api = make_api()
api.add_router("/jobs", jobs.router)
api.add_router("/libraries", libraries.router)
api.add_router("/queue", work.queue)
api.add_router("/quarantine", work.quarantine)
api.add_router("/workers", work.workers)
api.add_router("/sequences", house.sequences)
api.add_router("", house.router)
