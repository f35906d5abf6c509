from __future__ import annotations

from engine.backends.scratch import layers as scratch_layers


def test_the_differences_are_printed_for_some_batches_and_all_told_at_the_end(run, digits):
    answer = run("twin", "mlp-128-64", "--dataset-path", digits, "--batches", 12, "--batch-size", 50)
    heading, header, *lines, end = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert heading == "mlp-128-64: gluon and scratch, batches of 50"
    assert header.split() == ["batch", "gluon", "scratch", "difference", "weights", "gradients"]
    assert [line.split()[0] for line in lines] == ["1", "2", "5", "10", "12"]
    assert all(0 <= float(figure) < 1e-3 for line in lines for figure in line.split()[3:])
    assert end.startswith("Over 12 batches the losses differ by ") and "the gradients by " in end


def test_as_json_every_batch_is_an_object(run, digits):
    options = ("twin", "mlp-128-64", "--dataset-path", digits, "--batches", 3, "--json")
    told = run(*options, "--backends", "gluon,ndarray", "--learning-rate", 0.2, "--seed", 3).objects
    assert [step["step"] for step in told] == [1, 2, 3]
    for step in told:
        assert step["loss_difference"] == abs(step["losses"][0] - step["losses"][1]) < 1e-3
        assert set(step["weight_difference"]) == {"absolute", "relative", "path"}
    others = run(*options, "--backends", "gluon,ndarray", "--learning-rate", 0.2, "--seed", 4).objects
    assert others[0]["losses"] != told[0]["losses"]


def test_a_backend_beside_itself_is_the_same_bit_for_bit(run, digits):
    options = ("--dataset-path", digits, "--backends", "scratch,scratch", "--batches", 3)
    answer = run("twin", "mlp-128-64", *options)
    assert answer.out.splitlines()[-1] == "Over 3 batches nothing differs, bit for bit."


def test_a_fault_in_one_backend_is_seen(run, digits, monkeypatch):
    right = scratch_layers.Dense.backward

    def wrong(self, dy):
        back = right(self, dy)
        self.weight.gradient[...] *= 2
        return back

    monkeypatch.setattr(scratch_layers.Dense, "backward", wrong)
    (told,) = run("twin", "mlp-128-64", "--dataset-path", digits, "--batches", 1, "--json").objects
    assert told["gradient_difference"]["relative"] > 1e-3
    assert told["gradient_difference"]["path"].endswith("/weight")


def test_what_cannot_be_is_refused_in_one_line(run, digits):
    data = ("--dataset-path", digits)
    assert "two of gluon, module, ndarray, scratch" in run("twin", "mlp-64", *data, "--backends", "gluon").refusal()
    assert "two of gluon" in run("twin", "mlp-64", *data, "--backends", "gluon,torch").refusal()
    assert "must be at least 1" in run("twin", "mlp-64", *data, "--batches", 0).refusal()
    assert "There is no network" in run("twin", "nothing", *data).refusal()
    assert "learning rate is -1.0" in run("twin", "mlp-128-64", *data, "--learning-rate", -1).refusal()
    assert "at most 10000" in run("twin", "mlp-128-64", *data, "--batches", 20000).refusal()


def test_it_explains_itself(run):
    answer = run("twin", "--help")
    assert (answer.code, answer.err) == (0, "")
    assert "--backends A,B" in answer.out and "--batches N" in answer.out
