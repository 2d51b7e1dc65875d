from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.agents import services, shown
from control_plane.api.errors import ApiError
from control_plane.api.pagination import page
from control_plane.api.versions import expected_version
from control_plane.api.views import TenantView, answer, deleted
from control_plane.idempotency.once import once
from control_plane.products.services import get_product
from ductape.types.entities import AgentDefine
from ductape.types.filters import AgentFilter


class AgentList(TenantView):
    def get(self, request: Request, product: str) -> Response:
        return page(request, services.find_agents(get_product(product), self.filters(AgentFilter)), shown.agent)


class AgentDetail(TenantView):
    def get(self, request: Request, product: str, agent: str) -> Response:
        return answer(shown.agent(services.get_agent(get_product(product), agent)))

    @once
    def put(self, request: Request, product: str, agent: str) -> Response:
        wanted = self.read(AgentDefine)
        if wanted.tag != agent:
            raise ApiError(422, "invalid_argument", "tag: differs from the one in the address", param="tag")
        row = services.define_agent(product=get_product(product), wanted=wanted, if_version=expected_version(request))
        return answer(shown.agent(row))

    def delete(self, request: Request, product: str, agent: str) -> Response:
        services.delete_agent(product=get_product(product), tag=agent)
        return deleted(agent)
