"""Errors of the OpenAI SDK, as failures of ours."""

from collections.abc import Generator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import TYPE_CHECKING

import msgspec

from workflow_engine.adapters.model_faults import Fault, Faults, retry_after

if TYPE_CHECKING:
    from openai import APIError


@contextmanager
def translated(faults: Faults) -> Generator[None]:
    """Raise what the SDK raises as failures.

    Failures come without what caused them: errors of the SDK hold whole requests, keys included.

    Raises:
        TransientFailure: it may work later.
        PermanentFailure: it will not.
    """
    import httpx2
    import openai

    try:
        yield
    except openai.APITimeoutError:
        raise faults.broken("did not come in time") from None
    except openai.APIConnectionError as error:
        raise faults.no_connection(error.request.url.host, error.__cause__) from None
    except openai.APIStatusError as error:
        wait = retry_after(error.response.headers)
        raise faults.failure(Fault(error.status_code, _code(error), _message(error), wait)) from None
    except (openai.APIResponseValidationError, JSONDecodeError, UnicodeDecodeError, msgspec.DecodeError):
        raise faults.broken("is malformed") from None
    except openai.APIError as error:  # an error event inside a stream
        raise faults.failure(Fault(None, _code(error), _message(error))) from None
    except httpx2.TimeoutException:
        raise faults.broken("did not come in time") from None
    except httpx2.RequestError as error:
        raise faults.broken(f"broke off ({type(error).__name__})") from None
    except (openai.OpenAIError, httpx2.InvalidURL) as error:
        raise faults.impossible(str(error)) from None


def _code(error: "APIError") -> str:
    return " ".join(part for part in (error.type, error.code) if part)


def _message(error: "APIError") -> str:
    """Return the words of the server, without the SDK's frame around them."""
    body = error.body
    said: object = body.get("message") if isinstance(body, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return said if isinstance(said, str) else error.message
