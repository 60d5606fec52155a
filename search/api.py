"""The knowledge base for programs: search, answer, article. Open to all for what is public; counted for each caller."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from search import selectors
from search.answers import Answer, answer, sources_of

MOST_RESULTS = 50


class AskThrottle(SimpleRateThrottle):
    """Questions one address may ask a minute; each may leave a row for the editors."""

    scope = "knowledge-answer"
    rate = "60/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class SourceOut(serializers.Serializer):
    title = serializers.CharField()
    article = serializers.CharField()
    document_number = serializers.CharField()
    date = serializers.DateField(allow_null=True)
    url = serializers.CharField()
    text = serializers.CharField()


class FoundOut(serializers.Serializer):
    code = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    answer = serializers.CharField()
    category = serializers.CharField()
    score = serializers.FloatField()
    sure = serializers.BooleanField()
    valid_to = serializers.DateField(allow_null=True)


class ResultsOut(serializers.Serializer):
    query = serializers.CharField()
    engine = serializers.CharField()
    degraded = serializers.BooleanField()
    reason = serializers.CharField()
    took_ms = serializers.FloatField()
    error = serializers.CharField()
    items = FoundOut(many=True)


class QuestionIn(serializers.Serializer):
    question = serializers.CharField(max_length=settings.TEXT_MAX_CHARS)
    region = serializers.CharField(required=False, default="", allow_blank=True, max_length=20)
    conversation_ref = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)


class NearestOut(serializers.Serializer):
    code = serializers.CharField()
    title = serializers.CharField()
    score = serializers.FloatField()


class AnswerOut(serializers.Serializer):
    known = serializers.BooleanField()
    article_code = serializers.CharField(required=False)
    version = serializers.IntegerField(required=False)
    title = serializers.CharField(required=False)
    text = serializers.CharField(required=False)
    score = serializers.FloatField(required=False)
    valid_until = serializers.DateField(required=False, allow_null=True)
    sources = SourceOut(many=True, required=False)
    gap_id = serializers.IntegerField(required=False, allow_null=True)
    nearest = NearestOut(many=True)
    engine = serializers.CharField()
    degraded = serializers.BooleanField()
    reason = serializers.CharField()


class ArticleOut(serializers.Serializer):
    code = serializers.CharField(source="article.code")
    version = serializers.IntegerField(source="number")
    category = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    answer = serializers.CharField()
    body = serializers.CharField()
    questions = serializers.ListField(child=serializers.CharField())
    keywords = serializers.ListField(child=serializers.CharField())
    duty_items = serializers.ListField(child=serializers.CharField())
    owner = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField()
    sources = serializers.SerializerMethodField()

    @extend_schema(responses=SourceOut(many=True))
    def get_sources(self, version: Any) -> list[dict[str, Any]]:
        """Laws and documents that the article stands on."""
        return list(SourceOut(sources_of(version), many=True).data)


def _audience(request: Request) -> str:
    return "staff" if request.user.is_authenticated else "citizen"


def _limit(request: Request, default: int) -> int:
    asked = request.query_params.get("limit", "")
    return min(int(asked), MOST_RESULTS) if asked.isdecimal() and 0 < len(asked) < 6 and int(asked) else default


_QUERY = [OpenApiParameter("q", str, required=True), OpenApiParameter("limit", int)]


class SearchView(APIView):
    """GET: articles for a text, best first."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=_QUERY, responses=ResultsOut)
    def get(self, request: Request) -> Response:
        """Articles for a text, best first."""
        text = request.query_params.get("q", "")
        found = selectors.find(text=text, limit=_limit(request, 10), audience=_audience(request))
        return Response(ResultsOut(found).data, status=503 if found.error else 200)


class SuggestView(APIView):
    """GET: the few articles worth showing while someone types or speaks."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=_QUERY, responses=FoundOut(many=True))
    def get(self, request: Request) -> Response:
        """Articles worth showing while someone types or speaks."""
        text = request.query_params.get("q", "")
        found = selectors.suggest(text=text, limit=_limit(request, 5), audience=_audience(request))
        return Response(FoundOut(found, many=True).data)


class AnswerView(APIView):
    """POST: the answer with article, version and sources; or known=false, and the question is filed as a gap."""

    permission_classes = [AllowAny]
    throttle_classes = [AskThrottle]

    @extend_schema(request=QuestionIn, responses=AnswerOut)
    def post(self, request: Request) -> Response:
        """The answer with article, version and sources, or known=false."""
        asked = QuestionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        found = answer(audience=_audience(request), **asked.validated_data)
        return Response(AnswerOut({"known": isinstance(found, Answer), **_fields(found)}).data)


def _fields(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


class ArticleView(APIView):
    """GET: one article in force, or with ?version= one that was released."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=[OpenApiParameter("version", int)], responses=ArticleOut)
    def get(self, request: Request, code: str) -> Response:
        """One article in force, or one released version."""
        number = request.query_params.get("version", "")
        if number.isdecimal() and len(number) < 9:
            found = selectors.version_of(code=code, number=int(number), audience=_audience(request))
        else:
            found = selectors.article(code=code, audience=_audience(request))
        if found is None:
            raise NotFound
        return Response(ArticleOut(found).data)
