from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from control_plane.agents import history, promotion, services, shown
from control_plane.agents.models import Agent
from control_plane.agents.targets import find_target, resolve_target
from control_plane.api.errors import ApiError
from control_plane.api.pagination import page
from control_plane.api.versions import expected_version
from control_plane.api.views import TenantView, answer, deleted
from control_plane.idempotency.once import once
from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.versions.views import HistoryView, VersionDetail, VersionDiff, VersionList
from control_plane.workspaces.models import Scope
from ductape.types.entities import AgentDefine
from ductape.types.filters import AgentFilter
from ductape.types.runs import ResolveRequest
from ductape.types.versions import Promote, Rollback


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
        row = services.define_agent(
            product=get_product(product),
            wanted=wanted,
            author=self.caller.name,
            if_version=expected_version(request),
        )
        return answer(shown.agent(row))

    def delete(self, request: Request, product: str, agent: str) -> Response:
        services.delete_agent(product=get_product(product), tag=agent)
        return deleted(agent)


class AgentResolve(TenantView):
    needs = Scope.READ
    keeps_within_reach = frozenset({"POST"})

    def post(self, request: Request, product: str, agent: str) -> Response:
        wanted = self.read(ResolveRequest)
        target = find_target(get_product(product), env=wanted.env, agent=agent, model=None)
        return answer(resolve_target(target, wanted.overrides.said()))


class ModelResolve(TenantView):
    needs = Scope.READ
    keeps_within_reach = frozenset({"POST"})

    def post(self, request: Request, product: str, model: str) -> Response:
        wanted = self.read(ResolveRequest)
        target = find_target(get_product(product), env=wanted.env, agent=None, model=model)
        return answer(resolve_target(target, wanted.overrides.said()))


class AgentHistory(HistoryView):
    def find(self, product: Product, tag: str) -> Agent:
        return services.get_agent(product, tag)


class AgentVersionList(AgentHistory, VersionList):
    pass


class AgentVersionDetail(AgentHistory, VersionDetail):
    pass


class AgentDiff(AgentHistory, VersionDiff):
    pass


class AgentRollback(TenantView):
    @once
    def post(self, request: Request, product: str, tag: str) -> Response:
        wanted = self.read(Rollback)
        row = get_product(product)
        if wanted.preview:
            return answer(history.preview_rollback(product=row, tag=tag, to=wanted.to))
        agent = history.roll_back(product=row, tag=tag, wanted=wanted, author=self.caller.name)
        return answer(shown.agent(agent))


class ProductPromote(TenantView):
    @once
    def post(self, request: Request, product: str) -> Response:
        wanted = self.read(Promote)
        row = get_product(product)
        if wanted.hash is None:
            return answer(promotion.plan_promotion(product=row, wanted=wanted))
        return answer(promotion.promote(product=row, wanted=wanted, author=self.caller.name))
