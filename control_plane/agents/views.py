from __future__ import annotations

from control_plane.agents import history, promotion, services, shown
from control_plane.agents.models import Agent
from control_plane.agents.targets import find_target, resolve_target
from control_plane.api.errors import ApiError
from control_plane.api.operations import operation
from control_plane.api.pagination import page
from control_plane.api.versions import expected_version
from control_plane.api.views import InputT, TenantView, deleted
from control_plane.catalog.keys import refuse_plaintext
from control_plane.idempotency.once import once
from control_plane.products.models import Product
from control_plane.products.services import get_product
from control_plane.versions.views import HistoryView, VersionDetail, VersionDiff, VersionList
from control_plane.workspaces.models import Scope
from ductape.types import agents
from ductape.types.agents import AgentDefine
from ductape.types.answers import Deleted, Page
from ductape.types.config import Resolved
from ductape.types.filters import AgentFilter
from ductape.types.runs import ResolveRequest
from ductape.types.versions import Promote, PromotionPlan, Rollback, RollbackPreview


class AgentList(TenantView):
    @operation("agent_list", "List the agents of a product")
    def get(self, product: str, query: AgentFilter) -> Page[agents.Agent]:
        found = get_product(product)
        return page(self.request, shown.with_envs(services.find_agents(found, query)), shown.agents_of(found))


class AgentDetail(TenantView):
    def read(self, kind: type[InputT]) -> InputT:
        refuse_plaintext(self.request.data)
        return super().read(kind)

    @operation("agent_fetch", "Fetch an agent")
    def get(self, product: str, agent: str) -> agents.Agent:
        return shown.agent(services.get_agent(get_product(product), agent))

    @once
    @operation("agent_define", "Define an agent", refuses=(412,))
    def put(self, product: str, agent: str, wanted: AgentDefine) -> agents.Agent:
        """Creates the agent, or replaces it as a whole. Its model may not exist yet: `warnings` then says so. An inline
        model names a registered one whose key it uses; a key in clear is refused with `plaintext_secret_refused`."""
        if wanted.tag != agent:
            raise ApiError(422, "invalid_argument", "tag: differs from the one in the address", param="tag")
        row = services.define_agent(
            product=get_product(product),
            wanted=wanted,
            author=self.caller.name,
            if_version=expected_version(self.request),
        )
        return shown.agent(row)

    @operation("agent_delete", "Delete an agent")
    def delete(self, product: str, agent: str) -> Deleted:
        services.delete_agent(product=get_product(product), tag=agent)
        return deleted(agent)


class AgentResolve(TenantView):
    needs = Scope.READ
    keeps_within_reach = frozenset({"POST"})

    @operation("agent_resolve", "Show what a run of an agent would use", refuses=(409,))
    def post(self, product: str, agent: str, wanted: ResolveRequest) -> Resolved:
        """Every setting with the layer that set it and what it beat. Calls nobody."""
        target = find_target(get_product(product), env=wanted.env, agent=agent, model=None)
        return resolve_target(target, wanted.overrides.said())


class ModelResolve(TenantView):
    needs = Scope.READ
    keeps_within_reach = frozenset({"POST"})

    @operation("model_resolve", "Show what a run of a bare model would use")
    def post(self, product: str, model: str, wanted: ResolveRequest) -> Resolved:
        """Every setting with the layer that set it and what it beat. Calls nobody."""
        target = find_target(get_product(product), env=wanted.env, agent=None, model=model)
        return resolve_target(target, wanted.overrides.said())


class AgentHistory(HistoryView):
    noun = "agent"

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
    @operation("agent_rollback", "Bring the settings of a version back")
    def post(self, product: str, agent: str, wanted: Rollback) -> agents.Agent | RollbackPreview:
        """Restores settings as a new version. With `preview` it only says what would change."""
        found = get_product(product)
        if wanted.preview:
            return history.preview_rollback(product=found, tag=agent, to=wanted.to)
        return shown.agent(history.roll_back(product=found, tag=agent, wanted=wanted, author=self.caller.name))


class ProductPromote(TenantView):
    @once
    @operation("product_promote", "Bring what one environment says to another", refuses=(409,))
    def post(self, product: str, wanted: Promote) -> PromotionPlan:
        """Without `hash` it answers with the plan; with the plan's hash it applies it, unless either environment has
        changed since. Keys and addresses stay where they are."""
        found = get_product(product)
        if wanted.hash is None:
            return promotion.plan_promotion(product=found, wanted=wanted)
        return promotion.promote(product=found, wanted=wanted, author=self.caller.name)
