"""TensorBoard's event files, written by PyTorch's SummaryWriter and by hand."""

from __future__ import annotations

import pytest

from course_lib.diagnose import LogError, read_log


def written(folder, tags, steps=(0, 10, 20)):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for step in steps:
            for tag, value in tags.items():
                writer.add_scalar(tag, value * (1 + step), step)
    return folder


def test_a_folder_and_a_file(tmp_path, needs_tensorboard):
    written(tmp_path, {"train/learning_rate": 0.5, "train/loss": 0.25, "time": 1.0})
    log = read_log(tmp_path)
    assert (log.format, log.unit, log.lags) == ("TensorBoard event file", "update", (1, 0))
    assert log.rates.tolist() == [[0.5, 5.5, 10.5]]
    assert log.at.tolist() == [0, 10, 20]
    assert log.losses.tolist() == [0.25, 2.75, 5.25]
    (file,) = tmp_path.iterdir()
    renamed = file.rename(tmp_path / "anything.bin")
    assert read_log(renamed).rates.tolist() == [[0.5, 5.5, 10.5]]


def test_a_run_that_went_back_to_a_checkpoint_is_read_whole(tmp_path, needs_tensorboard):
    written(tmp_path, {"lr": 1.0}, steps=(0, 10, 20, 10, 20))
    assert read_log(tmp_path).at.tolist() == [0, 10, 20, 10, 20]


def test_groups_and_epochs(tmp_path, needs_tensorboard):
    log = read_log(written(tmp_path, {"lr/pg0": 1.0, "lr/pg1": 2.0}, steps=(1, 2)))
    assert (log.unit, log.group_names) == ("epoch", ("lr/pg0", "lr/pg1"))
    assert log.rates.tolist() == [[2, 3], [4, 6]]


def test_lightnings_tags_and_a_tag_that_is_named(tmp_path, needs_tensorboard):
    written(tmp_path, {"lr-AdamW": 1.0, "eta": 2.0, "lr-AdamW-momentum": 0.9})
    assert read_log(tmp_path).lags == (0, -1)
    assert read_log(tmp_path).group_names == ("lr-AdamW",)
    assert read_log(tmp_path, rate_column="eta").rates.tolist() == [[2, 22, 42]]


def test_scalars_that_tensorflow_writes_as_tensors(tmp_path, needs_tensorboard):
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from tensorboard.util import tensor_util

    writer = EventFileWriter(str(tmp_path))
    for epoch in (0, 1):
        tensor = tensor_util.make_tensor_proto(0.5 / (1 + epoch))
        value = summary_pb2.Summary.Value(tag="epoch_learning_rate", tensor=tensor)
        event = event_pb2.Event(step=epoch, summary=summary_pb2.Summary(value=[value]))
        writer.add_event(event)
    writer.close()
    log = read_log(tmp_path)
    assert (log.unit, log.rates.tolist()) == ("epoch", [[0.5, 0.25]])


def test_without_rates_the_tags_are_listed(tmp_path, needs_tensorboard):
    with pytest.raises(
        LogError, match=r"no tag is named like a rate .* tags: loss, time; rate_col"
    ):
        read_log(written(tmp_path, {"loss": 1.0, "time": 2.0}))


def test_without_the_library_the_message_names_it(tmp_path):
    # The beginning of an event file: length, checksum, and an event with the file's version.
    path = tmp_path / "events.out.tfevents.1.host.0"
    path.write_bytes(b"\x18" + bytes(11) + b"\x09" + bytes(8) + b"\x1a\x0dbrain.Event:2" + bytes(4))
    with pytest.raises(
        LogError, match=r"needs the library tensorboard \(pip install tensorboard\)"
    ):
        read_log(path)


def test_a_file_that_is_cut_off_is_used_as_far_as_it_goes(tmp_path, needs_tensorboard):
    (file,) = written(tmp_path, {"lr": 1.0}, range(20)).iterdir()
    whole = file.read_bytes()
    for end in (len(whole) - 3, len(whole) // 2):
        file.write_bytes(whole[:end])
        log = read_log(file)
        assert 0 < log.size < 20
        assert log.rates[0].tolist() == [1.0 + step for step in range(log.size)]
