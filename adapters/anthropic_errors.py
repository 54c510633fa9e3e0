"""Errors of the Anthropic SDK, as failures of ours."""

from collections.abc import Generator
from contextlib import contextmanager
from json import JSONDecodeError

import msgspec

from workflow_engine.adapters.model_faults import Fault, Faults, retry_after


@contextmanager
def translated(faults: Faults) -> Generator[None]:
    """Raise what the SDK raises as failures.

    Failures come without what caused them: errors of the SDK hold whole requests, keys included.

    Raises:
        TransientFailure: it may work later.
        PermanentFailure: it will not.
    """
    import anthropic
    import httpx2

    try:
        yield
    except anthropic.APITimeoutError:
        raise faults.broken("did not come in time") from None
    except anthropic.APIConnectionError as error:
        raise faults.no_connection(error.request.url.host, error.__cause__) from None
    except anthropic.APIStatusError as error:
        code = " ".join(part for part in (error.type, error.error_code) if part)
        wait = retry_after(error.response.headers)
        raise faults.failure(Fault(error.status_code, code, error.api_message or error.message, wait)) from None
    except (anthropic.APIError, JSONDecodeError, UnicodeDecodeError, msgspec.DecodeError):
        raise faults.broken("is malformed") from None
    except httpx2.TimeoutException:
        raise faults.broken("did not come in time") from None
    except httpx2.RequestError as error:
        raise faults.broken(f"broke off ({type(error).__name__})") from None
    except (anthropic.AnthropicError, httpx2.InvalidURL) as error:
        raise faults.impossible(str(error)) from None
