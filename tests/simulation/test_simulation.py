"""The whole engine under a hand-turned clock: crashes, torn writes, lost replies, failing work, all from one seed."""

import asyncio

import pytest

from workflow_engine.testing.simulation.loop import Idle, SimulatedLoop
from workflow_engine.testing.simulation.simulation import Simulation


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(int(str(metafunc.config.getoption("seeds")))))


def test_the_engine_keeps_its_word(seed: int) -> None:
    simulation = Simulation(seed)
    simulation.run()
    assert simulation.violations == [], f"seed {seed}"


def test_the_simulation_does_what_it_is_for() -> None:
    simulations = [Simulation(seed) for seed in range(10)]
    for simulation in simulations:
        simulation.run()
    assert sum(simulation.crashes for simulation in simulations) > 20
    assert sum(simulation.torn for simulation in simulations) > 0
    assert {outcome for simulation in simulations for outcome in simulation.outcomes} >= {
        "completed",
        "failed",
        "cancelled",
    }


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = Simulation(7), Simulation(7)
    first.run()
    second.run()
    assert first.journal == second.journal


def test_it_survives_a_crash_at_every_single_commit_boundary() -> None:
    whole = Simulation(1, clients=7, dies_at=0)
    whole.run()
    assert whole.crashes == 0
    for boundary in range(1, whole.boundaries + 1):
        simulation = Simulation(1, clients=7, dies_at=boundary)
        simulation.run()
        assert simulation.violations == [], f"boundary {boundary}"
        assert simulation.crashes == 1, f"boundary {boundary}"


def test_the_checker_finds_an_engine_that_answers_before_it_commits() -> None:
    caught = 0
    for seed in range(10):
        simulation = Simulation(seed, early=True)
        simulation.run()
        caught += bool(simulation.violations)
    assert caught >= 5


def test_simulated_time_jumps_to_the_next_timer() -> None:
    loop = SimulatedLoop()
    loop.run_until_complete(asyncio.sleep(86_400))
    assert loop.time() == pytest.approx(86_400)
    with pytest.raises(Idle):
        loop.run_until_complete(loop.create_future())
    loop.close()
