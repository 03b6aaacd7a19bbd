from __future__ import annotations

import numpy as np

from aesthkeras.monitoring.pictures import confusion_matrix, view_sheet

MONEY = ["$", "$$", "cash_$_flow_$"]


def test_classes_may_be_called_by_signs_of_money():
    views, classes = np.zeros((1, 3, 8, 8, 3), np.uint8), np.array([[0, 1, 2]])
    assert view_sheet(views, classes, classes[:, ::-1], MONEY).shape[2] == 3
    assert confusion_matrix(np.eye(3), MONEY).shape == (800, 880, 3)
